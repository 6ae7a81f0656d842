"""How fast visuals are measured, against OpenCV and against decoding alone.

    python benchmarks/visuals.py [--film FILE]

Without a film it makes one: 100 s of 720p H.264 with textures, movement, cuts and B-frames. Each
way runs three times by turns, and the one with the fewest CPU seconds counts. The last line is
JSON: how many times faster scorelens is (CPU seconds of the other way divided by its own).
`over_opencv`: than a loop that reads every frame with OpenCV and computes the same statistics once
a second from BGR; `over_decode`: than decoding every frame with PyAV and nothing else;
`keyframes_over_opencv`: with `key_frames_only`, than the OpenCV loop.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np

from scorelens import media
from scorelens.visuals import colour, measure

SECONDS, RATE, WIDTH, HEIGHT = 100, 24, 1280, 720
BLACK_LEVEL, THREADS, TURNS = 0.06, 2, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--film", type=Path, help="a film to measure instead of the one made here")
    film = parser.parse_args().film
    with tempfile.TemporaryDirectory() as folder:
        report(film or make_film(Path(folder) / "film.mp4"))


def report(film: Path) -> None:
    ways = {
        "scorelens": lambda: measure.picture_statistics(film, BLACK_LEVEL, threads=THREADS),
        "scorelens, key frames": lambda: measure.picture_statistics(
            film, BLACK_LEVEL, True, THREADS
        ),
        "OpenCV, every frame": lambda: opencv_statistics(film),
        "decoding alone": lambda: decode(film),
    }
    cpu_s = {name: float("inf") for name in ways}
    for _ in range(TURNS):
        for name, way in ways.items():
            start = time.process_time()
            way()
            cpu_s[name] = min(cpu_s[name], time.process_time() - start)
    film_s = media.probe(film).duration_s
    print(f"{film_s:.0f} s of film, {THREADS} decoder threads")
    print(f"{'way':24}{'CPU s':>8}{'x real time':>14}")
    for name, seconds in cpu_s.items():
        print(f"{name:24}{seconds:8.2f}{film_s / seconds:14.0f}")
    ours, opencv = cpu_s["scorelens"], cpu_s["OpenCV, every frame"]
    ratios = {
        "over_opencv": opencv / ours,
        "over_decode": cpu_s["decoding alone"] / ours,
        "keyframes_over_opencv": opencv / cpu_s["scorelens, key frames"],
        "x_realtime": film_s / ours,
    }
    print(json.dumps({name: round(ratio, 2) for name, ratio in ratios.items()}))


def decode(film: Path) -> None:
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.thread_count = "AUTO", THREADS
        for _ in container.decode(stream):
            pass


def opencv_statistics(film: Path) -> list[tuple[float, ...]]:
    """The usual loop: frame k is at k / rate; statistics of the first frame of every second."""
    reader = cv2.VideoCapture(str(film), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, THREADS])
    rate, rows, count = round(reader.get(cv2.CAP_PROP_FPS)), [], 0
    while True:
        read, bgr = reader.read()
        if not read:
            return rows
        if count % rate == 0:
            mean, spread = cv2.meanStdDev(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY))
            size = (colour.WIDTH, colour.WIDTH * bgr.shape[0] // bgr.shape[1])
            rgb = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)[..., ::-1] / np.float32(255)
            rgb = np.ascontiguousarray(rgb.transpose(2, 0, 1))
            chroma = colour.saturation(rgb), colour.colourfulness(rgb)
            rows.append((mean.item() / 255, spread.item() / 255, *chroma))
        count += 1


def make_film(path: Path) -> Path:
    """Pans over soft random textures with film grain; a cut every 4 s."""
    rng = np.random.default_rng(0)
    grain = rng.integers(-6, 7, (8, HEIGHT, WIDTH, 1), dtype=np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for k in range(SECONDS * RATE):
            shot, step = divmod(k, 4 * RATE)
            if step == 0:
                scene = texture(shot)
            window = scene[step : step + HEIGHT, 2 * step : 2 * step + WIDTH]
            picture = np.clip(window + grain[k % 8], 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def texture(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    size = (HEIGHT + 4 * RATE, WIDTH + 8 * RATE, 3)
    coarse = rng.integers(0, 256, (size[0] // 16, size[1] // 16, 3), dtype=np.uint8)
    return cv2.resize(coarse, size[1::-1], interpolation=cv2.INTER_CUBIC).astype(np.int16)


if __name__ == "__main__":
    main()
