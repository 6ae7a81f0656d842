"""Measure the speed of the frame features, the effect of the profile `fast`, and peak memory.

    python benchmarks/features.py [--audio FILE]
    python benchmarks/features.py --profiles ALBUMS
    python benchmarks/features.py --hours 3

Composes ten minutes of music, or takes FILE, and measures decoding, both profiles of the set `mir`,
every part of it separately, the set `essentia`, and two references: essentia's MusicExtractor, and
librosa used as in its tutorials. CPU seconds of one thread, best of three (references: one run);
figures are multiples of real time, those of the sets and references including decoding. --profiles
compares the profiles at 1 Hz on the tracks in the folder ALBUMS, as a table in Markdown. --hours
writes a file of that length and measures it in blocks, for its peak memory. The last line is one
JSON object.
"""

import argparse
import importlib.util
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import soundfile
from threadpoolctl import threadpool_limits

from scorelens import media
from scorelens.errors import MediaError
from scorelens.features import essentia, mir, pitch, profiles, rhythm, timbre, tonality
from scorelens.features.columns import COLUMNS, NAMES
from scorelens.features.frames import RATE_HZ

COMPOSED_S, COMPOSED_RATE_HZ = 600, 44_100
COMPARED_S = 120  # of each track
LIBROSA_S = 120


def compose(path: Path, seconds: int = COMPOSED_S) -> None:
    """Write stereo music: chords of decaying harmonic tones at 100 BPM, and hiss.

    Ten minutes are repeated until `seconds` are full.
    """
    rng = np.random.default_rng(1)
    t = np.arange(int(4.8 * COMPOSED_RATE_HZ)) / COMPOSED_RATE_HZ
    sound = rng.normal(0, 0.003, (COMPOSED_S * COMPOSED_RATE_HZ, 2))
    for start_s in np.arange(0, COMPOSED_S - 5, 0.6):
        first = round(start_s * COMPOSED_RATE_HZ)
        for semitone in rng.choice([0, 2, 4, 5, 7, 9, 11, 12, 16], 3, replace=False):
            hz = 130.8 * 2 ** (semitone / 12)
            tone = sum(np.sin(2 * np.pi * h * hz * t) / h for h in range(1, 6)) * np.exp(-2 * t)
            sound[first : first + len(t)] += 0.05 * np.outer(tone, rng.uniform(0.3, 1, 2))
    with soundfile.SoundFile(path, "w", COMPOSED_RATE_HZ, 2, "PCM_16") as file:
        for _ in range(seconds // COMPOSED_S):
            file.write(np.clip(sound, -1, 1))


def cpu_s(work: Callable[[], object], runs: int = 3) -> float:
    """CPU seconds of the fastest run."""
    seconds = []
    for _ in range(runs):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def naive_librosa(path: Path) -> None:
    """Frame features as librosa's tutorials compute them, each from the waveform."""
    y, rate_hz = librosa.load(path, duration=LIBROSA_S)
    librosa.feature.rms(y=y)
    librosa.feature.zero_crossing_rate(y)
    librosa.feature.spectral_centroid(y=y, sr=rate_hz)
    librosa.feature.spectral_bandwidth(y=y, sr=rate_hz)
    librosa.feature.spectral_flatness(y=y)
    librosa.feature.spectral_contrast(y=y, sr=rate_hz)
    librosa.feature.spectral_rolloff(y=y, sr=rate_hz)
    mfcc = librosa.feature.mfcc(y=y, sr=rate_hz, n_mfcc=13)
    librosa.feature.delta(mfcc)
    librosa.feature.delta(mfcc, order=2)
    librosa.feature.chroma_cqt(y=y, sr=rate_hz)
    librosa.feature.tonnetz(y=y, sr=rate_hz)
    librosa.feature.tempogram(y=y, sr=rate_hz)
    librosa.beat.beat_track(y=y, sr=rate_hz)


def music_extractor(path: Path) -> None:
    """All descriptors of a track by essentia itself."""
    import essentia as library

    library.log.infoActive = False
    import essentia.standard

    essentia.standard.MusicExtractor()(str(path))


def timed_parts(path: Path) -> dict[str, Callable[[], object]]:
    """Name -> function for each part of the set `mir`, applied to decoded samples."""
    samples = media.read_audio(path, RATE_HZ)
    bands = pitch.harmonic_features(samples)[1]
    return {
        "50 ms frames (timbre, MFCC, roughness)": lambda: timbre.short_features(samples),
        "30 ms frames (crest, flatness)": lambda: timbre.power_features(samples),
        "200 ms frames (chroma)": lambda: tonality.chroma_features(samples),
        "1 s frames (key)": lambda: tonality.key_features(samples),
        "100 ms frames (inharmonicity, bands)": lambda: pitch.harmonic_features(samples),
        "3 s and 5 s frames (rhythm)": lambda: rhythm.rhythm_features(bands),
    }


def measure_speed(path: Path) -> dict[str, float]:
    """Print the table of one file and return its figures, in multiples of real time."""
    duration_s = media.probe(path).duration_s
    moments_s = np.arange(0.5, duration_s)

    def mir_of_file(profile):
        mir.measure(media.read_audio(path, RATE_HZ), moments_s, profile)

    def essentia_of_file():
        essentia.measure(media.read_audio(path, essentia.RATE_HZ), moments_s)

    speeds = {}
    print(f"{duration_s:.0f} s of sound\n{'':42s} {'CPU s':>8s} {'x real time':>12s}")

    def record(name: str, work: Callable[[], object], runs: int = 3, length_s: float = duration_s):
        seconds = cpu_s(work, runs)
        speeds[name] = round(length_s / seconds, 1)
        print(f"{name:42s} {seconds:8.2f} {speeds[name]:12.1f}", flush=True)

    record("decode", lambda: media.read_audio(path, RATE_HZ))
    record("mirtoolbox", lambda: mir_of_file("mirtoolbox"))
    record("fast", lambda: mir_of_file("fast"))
    for name, work in timed_parts(path).items():
        record(name, work)
    if importlib.util.find_spec("essentia"):
        essentia_of_file()  # its first run imports it
        record("essentia", essentia_of_file, runs=1)
        record("music_extractor", lambda: music_extractor(path), runs=1)
    naive_librosa(path)  # its first run compiles
    record("librosa", lambda: naive_librosa(path), 1, min(LIBROSA_S, duration_s))
    keys = ("mirtoolbox", "fast", "decode", "essentia", "music_extractor", "librosa")
    return {f"{key}_x_realtime": speeds.get(key) for key in keys} | {"audio_s": duration_s}


def measure_profiles(albums: Path) -> tuple[np.ndarray, np.ndarray]:
    """The columns of both profiles at 1 Hz over all tracks: two (seconds, 140) arrays."""
    exact, fast = [], []
    for path in sorted(p for p in albums.rglob("*") if p.is_file()):
        try:
            samples = next(media.audio_blocks(path, RATE_HZ, COMPARED_S))
        except MediaError:
            continue  # no audio, for example a cover or a licence
        moments_s = np.arange(0.5, len(samples) / RATE_HZ)
        exact.append(mir.measure(samples, moments_s, "mirtoolbox"))
        fast.append(mir.measure(samples, moments_s, "fast"))
    return np.concatenate(exact), np.concatenate(fast)


def compare_profiles(albums: Path) -> dict[str, float]:
    """Print one row per feature that `fast` changes; return the largest differences."""
    exact, fast = measure_profiles(albums)
    deviation = np.nanstd(exact, axis=0)
    error = np.nanmean(np.abs(fast - exact), axis=0) / deviation
    largest = np.nanmax(np.abs(fast - exact), axis=0) / deviation
    finite = np.isfinite(exact) & np.isfinite(fast)
    correlation = [
        np.corrcoef(exact[rows, column], fast[rows, column])[0, 1]
        for column, rows in enumerate(finite.T)
    ]
    print(f"{len(exact)} seconds of {albums}\n")
    print(
        "| feature | r of mean | error of mean | r of std | error of std |\n|---|---|---|---|---|"
    )
    changed = largest > 1e-3
    for feature in COLUMNS:
        mean, std = (NAMES.index(f"{feature.name}.{s}") for s in ("mean", "std"))
        if changed[mean] or changed[std]:
            cells = (correlation[mean], error[mean], correlation[std], error[std])
            print(f"| `{feature.name}` | " + " | ".join(f"{cell:.4f}" for cell in cells) + " |")
    return {
        "seconds": len(exact),
        "columns_changed": int(changed.sum()),
        "largest_of_the_others": float(f"{largest[~changed].max():.1e}"),
        "least_correlation": round(float(np.min(correlation)), 4),
        "largest_error": round(float(error.max()), 4),
        "missing_in_one": int((np.isfinite(exact) != np.isfinite(fast)).sum()),
    }


def measure_memory(folder: Path, hours: float, profile: str) -> dict[str, float]:
    """Measure a long file block by block. A subprocess composes it, whose memory does not count."""
    path = folder / "long.flac"
    seconds = round(hours * 3600)
    compose_in_subprocess(path, seconds)
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.process_time()
    values = mir.measure(media.audio_blocks(path, RATE_HZ), np.arange(0.5, seconds), profile)
    used_s = time.process_time() - start
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{hours:g} hours, {profile}: {values.shape[0]} rows, {used_s:.1f} CPU s, ", end="")
    print(f"peak {peak_mb:.0f} MB, {before_mb:.0f} MB of it before the start")
    return {"hours": hours, "peak_mb": round(peak_mb), "x_realtime": round(seconds / used_s, 1)}


def compose_in_subprocess(path: Path, seconds: int) -> None:
    """Run compose() in another process, so that its arrays do not count as peak memory."""
    import multiprocessing

    process = multiprocessing.get_context("spawn").Process(target=compose, args=(path, seconds))
    process.start()
    process.join()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, help="a sound file, instead of composed music")
    parser.add_argument("--profiles", type=Path, metavar="ALBUMS", help="compare on these tracks")
    parser.add_argument("--hours", type=float, help="measure peak memory on a file of this length")
    parser.add_argument("--profile", default="mirtoolbox", choices=profiles.PROFILES)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        if arguments.profiles:
            figures = compare_profiles(arguments.profiles)
        elif arguments.hours:
            figures = measure_memory(Path(folder), arguments.hours, arguments.profile)
        else:
            audio = arguments.audio or Path(folder) / "composed.flac"
            if arguments.audio is None:
                compose(audio)
            figures = measure_speed(audio)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
