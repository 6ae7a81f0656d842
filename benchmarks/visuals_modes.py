"""Measure how far the sampled modes of the visuals are off, and what error they state.

    python benchmarks/visuals_modes.py [--minutes 110] [--film FILE ...]

Makes two films of the same pictures, 160 x 90 at 12 Hz: shots of 3.5 s in the middle (log-normal),
of random brightness and contrast, which drift; a fifth of them fade in from black within a second.
One film has a key frame every 2 s, the other has them where x264 puts them, mostly where shots
begin. Films of `--film` are measured too. For each: by how much its median brightness and contrast
in the modes `hybrid` and `keyframes` differ from those in mode `exact`, the error that `hybrid`
states (0 if it decoded the film whole), whether it would accept that, and CPU seconds. Here it
accepts any error of a film that is long enough, so that its sample can be judged. The last line is
one JSON object.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from scorelens.visuals import measure, thinning

WIDTH, HEIGHT, RATE_HZ = 160, 90, 12
SHOT_S, SPREAD, FADED, FADE_S = 3.5, 0.7, 0.2, 1.0
BLACK_LEVEL, THREADS, SEED = 0.06, 1, 1
MEASURES = ("brightness", "contrast")
KEY_FRAMES = {
    "every 2 s": {"g": str(2 * RATE_HZ), "sc_threshold": "0"},
    "where shots begin": {"g": "250"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=110)
    parser.add_argument("--film", type=Path, nargs="+", default=[], help="films to measure too")
    options = parser.parse_args()
    limit, thinning.MAX_ERROR = thinning.MAX_ERROR, 1.0
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        films = {}
        for name, key_frames in KEY_FRAMES.items():
            films[name] = Path(folder, f"{len(films)}.mp4")
            encode(films[name], pictures(60 * options.minutes), key_frames)
        for name, film in {**films, **{path.name: path for path in options.film}}.items():
            figures[name] = compare(film, limit)
            print(f"{name}: {json.dumps(figures[name])}", flush=True)
    print(json.dumps(figures))


def compare(film: Path, limit: float) -> dict:
    """The differences of the sampled modes from mode `exact`, and what they cost."""
    tables, cpu_s = {}, {}
    for mode in ("exact", "hybrid", "keyframes"):
        start = time.process_time()
        tables[mode] = measure.measure_picture(film, BLACK_LEVEL, mode, THREADS)
        cpu_s[mode] = round(time.process_time() - start, 1)
    medians = {mode: table[[*MEASURES]].median() for mode, table in tables.items()}
    keys_s = thinning.read_packet_times(film).keys_s
    stated = {name: float(tables["hybrid"][f"{name}_error"].iloc[0]) for name in MEASURES}
    return {
        "minutes": round(len(tables["exact"]) / 60, 1),
        "key_frames_s": round(float(np.diff(keys_s).mean()), 2) if len(keys_s) > 1 else None,
        **{
            f"{mode}_off": (medians[mode] - medians["exact"]).abs().astype(float).round(4).to_dict()
            for mode in ("hybrid", "keyframes")
        },
        "hybrid_stated": {name: round(error, 4) for name, error in stated.items()},
        "hybrid_accepts": max(stated.values()) <= limit,
        "cpu_s": cpu_s,
    }


def pictures(seconds: float) -> Iterator[np.ndarray]:
    """Frames of a film, uint8 RGB."""
    rng = np.random.default_rng(SEED)
    left = round(seconds * RATE_HZ)
    while left > 0:
        length = max(2, round(RATE_HZ * rng.lognormal(np.log(SHOT_S), SPREAD)))
        yield from shot(min(length, left), rng)
        left -= length


def shot(length: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Frames of a shot: random areas, whose brightness drifts, and grain."""
    levels = rng.uniform(20, 235) + rng.uniform(5, 60) * rng.normal(size=(6, 10, 3))
    drift = rng.normal(0, 15)
    fades_in = rng.random() < FADED
    picture = np.kron(levels, np.ones((HEIGHT // 6, WIDTH // 10, 1)))
    for number in range(length):
        share = min(1.0, number / (FADE_S * RATE_HZ)) if fades_in else 1.0
        grain = rng.normal(0, 3, (HEIGHT, WIDTH, 1))
        frame = share * (picture + drift * number / length) + grain
        yield np.clip(frame, 0, 255).astype(np.uint8)


def encode(path: Path, frames: Iterator[np.ndarray], key_frames: dict[str, str]) -> None:
    """Encode frames as H.264 with the defaults of x264 but for the key frames."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE_HZ, options=key_frames)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.thread_count = 1
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


if __name__ == "__main__":
    main()
