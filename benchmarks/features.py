"""How fast the feature set `mir` is, against the duration of the music.

    python benchmarks/features.py [--audio FILE]

Composes ten minutes of music, or takes FILE; decodes it and measures all 140 columns, and every
part alone. CPU seconds of one thread, best of three; the last line is one JSON object.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from threadpoolctl import threadpool_limits

from scorelens import media
from scorelens.features import mir, pitch, rhythm, timbre, tonality
from scorelens.features.frames import RATE_HZ

COMPOSED_S, COMPOSED_RATE_HZ = 600, 44_100


def compose(path: Path) -> None:
    """Write ten minutes of stereo: chords of decaying harmonic tones at 100 BPM, and hiss."""
    rng = np.random.default_rng(1)
    t = np.arange(int(4.8 * COMPOSED_RATE_HZ)) / COMPOSED_RATE_HZ
    sound = rng.normal(0, 0.003, (COMPOSED_S * COMPOSED_RATE_HZ, 2))
    for start_s in np.arange(0, COMPOSED_S - 5, 0.6):
        first = round(start_s * COMPOSED_RATE_HZ)
        for semitone in rng.choice([0, 2, 4, 5, 7, 9, 11, 12, 16], 3, replace=False):
            hz = 130.8 * 2 ** (semitone / 12)
            tone = sum(np.sin(2 * np.pi * h * hz * t) / h for h in range(1, 6)) * np.exp(-2 * t)
            sound[first : first + len(t)] += 0.05 * np.outer(tone, rng.uniform(0.3, 1, 2))
    soundfile.write(path, np.clip(sound, -1, 1), COMPOSED_RATE_HZ, subtype="PCM_16")


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest of three runs."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def measure(path: Path) -> dict[str, float]:
    """Print the table of one file and return its figures, in multiples of real time."""
    samples = media.read_audio(path, RATE_HZ)
    duration_s = len(samples) / RATE_HZ
    bands = pitch.harmonic_features(samples)[1]
    moments_s = np.arange(0.5, duration_s)
    parts = {
        "decode": lambda: media.read_audio(path, RATE_HZ),
        "50 ms frames (timbre, MFCC, roughness)": lambda: timbre.short_features(samples),
        "30 ms frames (crest, flatness)": lambda: timbre.power_features(samples),
        "200 ms frames (chroma)": lambda: tonality.chroma_features(samples),
        "1 s frames (key)": lambda: tonality.key_features(samples),
        "100 ms frames (inharmonicity, bands)": lambda: pitch.harmonic_features(samples),
        "3 s and 5 s frames (rhythm)": lambda: rhythm.rhythm_features(bands),
        "all 140 columns at 1 Hz": lambda: mir.measure(samples, moments_s),
    }
    speeds = {}
    print(f"{duration_s:.0f} s of sound\n{'part':40s} {'CPU s':>8s} {'x real time':>12s}")
    for part, work in parts.items():
        seconds = cpu_s(work)
        speeds[part] = duration_s / seconds
        print(f"{part:40s} {seconds:8.2f} {speeds[part]:12.0f}")
    decode, features = speeds["decode"], speeds["all 140 columns at 1 Hz"]
    return {
        "mirtoolbox_x_realtime": round(features, 1),
        "decode_x_realtime": round(decode, 1),
        "with_decode_x_realtime": round(1 / (1 / decode + 1 / features), 1),
        "audio_s": round(duration_s, 1),
    }


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audio", type=Path, help="a sound file, instead of composed music")
    audio = parser.parse_args().audio
    with tempfile.TemporaryDirectory() as folder:
        if audio is None:
            audio = Path(folder) / "composed.flac"
            compose(audio)
        with threadpool_limits(1):
            print(json.dumps(measure(audio)))


if __name__ == "__main__":
    main()
