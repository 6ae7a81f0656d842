"""Measure how reliably shared sound is detected between albums, and what it costs.

    python benchmarks/fingerprints.py [ALBUMS]

ALBUMS is a folder of albums, a folder each; without it six albums are composed. Every track of at
most `--tracks` an album is compared with copies of itself, and with the tracks of all other albums.
The cost is that of `--albums` albums of an hour each, whose landmarks are those of the tracks with
their frequencies shifted. CPU seconds of one core. The last line is JSON:

- `copy_hashes_per_s`: by treatment, the fewest hashes a second on the offset of a copy
- `copy_share`: by treatment, the smallest share of a track that is detected in its copy
- `copies_missed`: by treatment, how many copies are not detected
- `unrelated_hashes`: the most hashes on one offset of tracks of two albums
- `unrelated_pairs`: how many pairs of tracks that were
- `sketch_s_per_h`, `compare_s`, `peak_mb`: seconds to sketch an hour of landmarks; seconds to
  compare the albums; peak memory of all
"""

import argparse
import itertools
import json
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import soundfile

from scorelens import media
from scorelens.albums.files import has_audio_extension, list_files
from scorelens.corpus import GENRES, MUSIC_RATE_HZ, compose, draw_music, draw_theme, render
from scorelens.fingerprints import Landmarks, Settings, find_landmarks, make_sketch, sharing
from scorelens.fingerprints.sketches import Sketch, first_bins

MAX_S = 120  # of a track
TREATMENTS = {
    "FLAC": (".flac",),
    "MP3, 96 kbit/s": (".mp3", "-b:a", "96k"),
    "MP3, 64 kbit/s": (".mp3", "-b:a", "64k"),
    "cut 2 s earlier, MP3, 96 kbit/s": (".mp3", "-ss", "2", "-b:a", "96k"),
    "cut half a hop off, MP3, 96 kbit/s": (".mp3", "-ss", "2.0116", "-b:a", "96k"),
    "mono, 48 kHz, Opus, 48 kbit/s": (".opus", "-ac", "1", "-ar", "48000", "-b:a", "48k"),
    "20 dB softer": (".flac", "-af", "volume=-20dB"),
    "equalised, MP3": (".mp3", "-af", "bass=g=6,treble=g=-6"),
    "limited by 8 dB, MP3": (".mp3", "-af", "volume=8dB,alimiter"),
    "0.1% faster": (".flac", "-af", "asetrate=44144,aresample=44100"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--tracks", type=int, default=4)
    parser.add_argument("--albums", type=int, default=110)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        folder = options.folder or composed(work / "albums")
        albums = sorted(path for path in folder.iterdir() if path.is_dir())
        files = [
            list(filter(has_audio_extension, list_files(album)))[: options.tracks]
            for album in albums
        ]
        paths = [path for of_album in files for path in of_album]
        owner = np.repeat(np.arange(len(files)), [len(of_album) for of_album in files])
        landmarks = [landmarks_of(as_wav(path, work)) for path in paths]
        sketches = [make_sketch(one, Settings().hop_s) for one in landmarks]
        results = measure_copies(paths, sketches, work)
    results |= measure_unrelated(sketches, owner)
    results |= measure_cost(landmarks, options.albums)
    print(json.dumps(results))


def composed(folder: Path) -> Path:
    """Six albums of three pieces, each album on one theme."""
    for number in range(6):
        (folder / f"album_{number}").mkdir(parents=True)
        for track in range(3):
            random = np.random.default_rng([number, track])
            recipe = draw_music(GENRES[(number + track) % len(GENRES)], random)
            theme = draw_theme(np.random.default_rng(number))
            sound = render(compose(theme, recipe, 40.0, random), recipe, random)
            path = folder / f"album_{number}" / f"{track}.flac"
            soundfile.write(path, np.clip(sound, -1, 1), MUSIC_RATE_HZ)
    return folder


def encode(source: str | Path, target: Path, *options: str) -> Path:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", str(source)]
    subprocess.run([*command, *options, str(target)], check=True, stdin=subprocess.DEVNULL)
    return target


def as_wav(path: str, work: Path) -> Path:
    return encode(path, work / "source.wav", "-t", str(MAX_S), "-ar", "44100")


def landmarks_of(path: Path) -> Landmarks:
    settings = Settings()
    return find_landmarks(media.audio_blocks(path, settings.sample_rate_hz), settings)


def measure_copies(paths: list[str], sketches: list[Sketch], work: Path) -> dict:
    """The weakest evidence of each kind of copy over all tracks."""
    rows = {name: [] for name in TREATMENTS}
    for path, sketch in zip(paths, sketches, strict=True):
        source = as_wav(path, work)
        seconds = len(np.unique(sketch.seconds))
        for name, (ending, *options) in TREATMENTS.items():
            copy = landmarks_of(encode(source, work / f"copy{ending}", *options))
            both = [sketch, make_sketch(copy, Settings().hop_s)]
            pair = next(iter(sharing.find_shared_sound(both, [0, 1])), None)
            hashes = most_agreeing(both, np.arange(2))[0] / max(seconds, 1)
            rows[name].append((hashes, pair.share if pair else 0.0))
    print(f"{'copy':36}{'hashes/s':>9}{'share':>7}{'missed':>8}   the fewest of {len(paths)}")
    for name, values in rows.items():
        hashes, shares = zip(*values, strict=True)
        print(f"{name:36}{min(hashes):9.2f}{min(shares):7.2f}{shares.count(0.0):8}")
    return {
        "copy_hashes_per_s": {name: min(row[0] for row in rows[name]) for name in rows},
        "copy_share": {name: min(row[1] for row in rows[name]) for name in rows},
        "copies_missed": {name: sum(not row[1] for row in rows[name]) for name in rows},
    }


def most_agreeing(sketches: list[Sketch], owner: np.ndarray) -> tuple[int, int]:
    """The most different hashes on one offset of two recordings, and their bins."""
    pairs = sharing._equal_hashes(sketches, owner)
    offsets = pairs.first_frame.astype(np.int64) - pairs.second_frame
    best = (0, 0)
    order = np.lexsort([offsets, pairs.second, pairs.first])
    keys = np.stack([pairs.first, pairs.second], axis=1)[order]
    starts = np.flatnonzero(np.r_[True, (np.diff(keys, axis=0) != 0).any(axis=1)])
    for rows in np.split(order, starts[1:]) if len(order) else []:
        of_pair = offsets[rows]
        stops = np.searchsorted(of_pair, of_pair + 2 * sharing.TOLERANCE_FRAMES, side="right")
        for start, stop in enumerate(stops):
            if stop - start > best[0]:
                hashes = np.unique(pairs.hashes[rows[start:stop]])
                best = max(best, (len(hashes), len(np.unique(first_bins(hashes)))))
    return best


def measure_unrelated(sketches: list[Sketch], owner: np.ndarray) -> dict:
    hashes, bins = most_agreeing(sketches, owner)
    pairs = sum(one != other for one, other in itertools.combinations(owner.tolist(), 2))
    shared = len(list(sharing.find_shared_sound(sketches, owner)))
    print(f"tracks of two albums: {pairs} pairs, {hashes} hashes in {bins} bins at most on one")
    print(
        f"offset; {sharing.MIN_HASHES} in {sharing.MIN_BINS} are needed; pairs detected: {shared}"
    )
    return {"unrelated_hashes": hashes, "unrelated_pairs": pairs, "unrelated_detected": shared}


def measure_cost(landmarks: list[Landmarks], albums: int) -> dict:
    """Sketch and compare so many hours, in tracks of the given lengths."""
    hop_s, random = Settings().hop_s, np.random.default_rng(0)
    sketches, owner, started = [], [], time.process_time()
    for album in range(albums):
        left_s = 3600.0
        while left_s > 0:
            one = landmarks[random.integers(len(landmarks))]
            shifted = one.bins + random.integers(0, 64) * np.uint16(8)
            sketches.append(make_sketch(Landmarks(one.frames, shifted.astype(np.uint16)), hop_s))
            owner.append(album)
            left_s -= max(one.frames[-1] * hop_s, 1.0) if len(one.frames) else 1.0
    sketch_s = time.process_time() - started
    started = time.process_time()
    detected = sum(1 for _ in sharing.find_shared_sound(sketches, owner))
    compare_s = time.process_time() - started
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{albums} albums of an hour: {sketch_s:.0f} CPU s to sketch, {compare_s:.0f} to compare")
    print(f"{len(sketches)} tracks, {detected} pairs detected, peak memory {peak_mb:.0f} MB")
    costs = {"sketch_s_per_h": sketch_s / albums, "compare_s": compare_s, "peak_mb": peak_mb}
    return {name: round(value, 3) for name, value in costs.items()}


if __name__ == "__main__":
    main()
