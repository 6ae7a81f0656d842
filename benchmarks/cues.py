"""How fast cues are matched on one core, and how large an album's index is.

    python benchmarks/cues.py [--film FILE --album FOLDER]

Without arguments it makes an album of six tracks (18 min) and a film of 20 min that plays parts of
them under noise, as FLAC. The last line is JSON: `x_realtime`, film seconds that one CPU second
matches, reading the index and decoding included; `decode_x_realtime`, the same for decoding alone;
`index_mb_per_hour`, size of the index for an hour of music; `peak_mb`, most memory of the matching.
"""

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from scorelens import config, fingerprints, media, tables
from scorelens.cues import match

RATE_HZ = 44100
TRACKS, TRACK_S, CUE_S, PAUSE_S, NOTE_S = 6, 180, 60, 40, 0.25
HOME = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--film", type=Path, help="a film to match instead of the one made here")
    parser.add_argument("--album", type=Path, help="the folder of its album")
    chosen = parser.parse_args()
    if bool(chosen.film) != bool(chosen.album):
        parser.error("--film and --album belong together")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film, album = (chosen.film, chosen.album) if chosen.film else make_media(folder)
        report(film, album, folder)


def report(film: Path, album: Path, folder: Path) -> None:
    settings = config.complete({}, HOME / "workflow" / "schemas")
    table, index = folder / "tracks.tsv", folder / "index.npz"
    music_s = write_tracks(album, table)
    index_s = cpu_seconds(fingerprints.index_album, "film", table, index, settings["fingerprints"])
    decode_s = cpu_seconds(decode, film, settings["fingerprints"]["sample_rate_hz"])
    with multiprocessing.get_context("spawn").Pool(1) as pool:  # a process of its own, for its peak
        match_s, peak_mb, cues = pool.apply(measure_match, (film, index, settings["cues"]))
    film_s = media.probe(film).duration_s
    print(f"{film_s:.0f} s of film, {music_s:.0f} s of album, {cues} cues found")
    print(f"{'step':12}{'CPU s':>8}{'x real time':>14}")
    for step, seconds, length_s in (
        ("index", index_s, music_s),
        ("decode", decode_s, film_s),
        ("match", match_s, film_s),
    ):
        print(f"{step:12}{seconds:8.2f}{length_s / seconds:14.0f}")
    facts = {
        "x_realtime": round(film_s / match_s, 1),
        "decode_x_realtime": round(film_s / decode_s, 1),
        "index_mb_per_hour": round(index.stat().st_size / 1e6 / (music_s / 3600), 3),
        "peak_mb": round(peak_mb),
    }
    print(json.dumps(facts))


def measure_match(film: Path, index: Path, settings: dict) -> tuple[float, float, int]:
    """CPU seconds, peak memory of this process in MB, and the number of cues."""
    start = time.process_time()
    album = fingerprints.read_index(index)
    length_s = media.probe(film).duration_s
    cues = match.find_cues_at_any_speed("film", film, album, length_s, **settings)
    seconds = time.process_time() - start
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(cues)


def decode(film: Path, rate_hz: int) -> None:
    for _ in media.audio_blocks(film, rate_hz):
        pass


def cpu_seconds(work, *arguments) -> float:
    start = time.process_time()
    work(*arguments)
    return time.process_time() - start


def write_tracks(album: Path, path: Path) -> float:
    """Write the track table of a folder of music; return the seconds of music."""
    found = config.album_tracks(album)
    infos = [media.probe(track) for _, track in found]
    tracks = pd.DataFrame(found, columns=["track_id", "path"]).assign(
        film_id="film",
        duration_s=[info.duration_s for info in infos],
        sample_rate_hz=[info.sample_rate_hz for info in infos],
    )
    tables.write_table(tracks, path, tables.TRACKS)
    return float(tracks.duration_s.sum())


def make_media(folder: Path) -> tuple[Path, Path]:
    """A film that plays a minute of each track twice, with 40 s of noise before each."""
    album = folder / "album"
    album.mkdir()
    rng = np.random.default_rng(1)
    tracks = [compose(rng) for _ in range(TRACKS)]
    for number, track in enumerate(tracks):
        soundfile.write(album / f"track_{number}.flac", track, RATE_HZ)
    film = folder / "film.flac"
    with soundfile.SoundFile(film, "w", RATE_HZ, 1) as file:
        for number in rng.permutation(np.arange(2 * TRACKS) % TRACKS):
            start = int(rng.integers(0, (TRACK_S - CUE_S) * RATE_HZ))
            scene = 0.05 * rng.standard_normal((PAUSE_S + CUE_S) * RATE_HZ, np.float32)
            scene[PAUSE_S * RATE_HZ :] += tracks[number][start : start + CUE_S * RATE_HZ]
            file.write(scene)
    return film, album


def compose(rng: np.random.Generator) -> np.ndarray:
    """A track of decaying chords of four notes, a new one every quarter second, over soft noise."""
    time_s = np.arange(round(NOTE_S * RATE_HZ)) / RATE_HZ
    fade = 0.08 * np.exp(-4 * time_s)
    hz = 110 * 2 ** (rng.integers(0, 48, (round(TRACK_S / NOTE_S), 4, 1)) / 12)
    chords = [(fade * np.sin(2 * np.pi * notes * time_s)).sum(axis=0) for notes in hz]
    breath = 0.003 * rng.standard_normal(len(chords) * len(time_s), np.float32)
    return np.concatenate(chords).astype(np.float32) + breath


if __name__ == "__main__":
    main()
