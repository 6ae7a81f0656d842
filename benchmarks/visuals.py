"""Measure the speed of the visuals, compared with OpenCV and with decoding only.

    python benchmarks/visuals.py [--film FILE]

Without a film it makes one: 48 s of 1080p H.264 with the defaults of x264 (preset medium, GOP
250, B-frames), with pans, cuts and grain. The methods run alternately, three times; the run
with the fewest CPU seconds counts. The last line is JSON:

- `over_opencv`: CPU seconds of a loop that reads every frame with OpenCV and computes the same four
  statistics once a second from BGR, divided by mode `exact`, which adds cuts and motion
- `over_decode`: mode `exact`, divided by decoding the same frames only
- `keyframes_over_opencv`: the OpenCV loop, divided by mode `keyframes`
- `x_realtime`, `keyframes_x_realtime`: seconds of film in a CPU second
- `keyframes_shift`: median over the film in mode `keyframes`, minus that in mode `exact`
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
from scorelens.visuals import colour, measure, sampling

SECONDS, RATE, WIDTH, HEIGHT = 48, 24, 1920, 1080
BLACK_LEVEL, THREADS, REPEATS = 0.06, 2, 3
SCORELENS, KEY_FRAMES, LOOP = "scorelens, exact", "scorelens, keyframes", "OpenCV, every frame"
SAME_FRAMES, ALL_FRAMES = "decoding the same frames", "decoding every frame"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--film", type=Path, help="a film to measure instead of the one made here")
    film = parser.parse_args().film
    with tempfile.TemporaryDirectory() as folder:
        report(film or make_film(Path(folder) / "film.mp4"))


def report(film: Path) -> None:
    needs = packet_needs(film)
    tables = {}
    methods = {
        SCORELENS: lambda: tables.update(exact=measure_film(film, "exact")),
        KEY_FRAMES: lambda: tables.update(keyframes=measure_film(film, "keyframes")),
        LOOP: lambda: opencv_statistics(film),
        SAME_FRAMES: lambda: decode(film, needs),
        ALL_FRAMES: lambda: decode(film, [True] * len(needs)),
    }
    cpu_s = {name: float("inf") for name in methods}
    for _ in range(REPEATS):
        for name, method in methods.items():
            start = time.process_time()
            method()
            cpu_s[name] = min(cpu_s[name], time.process_time() - start)
    film_s = media.probe(film).duration_s
    print(f"{film_s:.0f} s of film, {THREADS} decoder threads")
    print(f"{'method':26}{'CPU s':>8}{'x real time':>14}")
    for name, seconds in cpu_s.items():
        print(f"{name:26}{seconds:8.2f}{film_s / seconds:14.0f}")
    medians = {mode: table[list(colour.MEASURES)].median() for mode, table in tables.items()}
    ratios = {
        "over_opencv": cpu_s[LOOP] / cpu_s[SCORELENS],
        "over_decode": cpu_s[SCORELENS] / cpu_s[SAME_FRAMES],
        "keyframes_over_opencv": cpu_s[LOOP] / cpu_s[KEY_FRAMES],
        "x_realtime": film_s / cpu_s[SCORELENS],
        "keyframes_x_realtime": film_s / cpu_s[KEY_FRAMES],
    }
    shift = (medians["keyframes"] - medians["exact"]).astype(float).round(4).to_dict()
    rounded = {name: round(ratio, 3) for name, ratio in ratios.items()}
    print(json.dumps(rounded | {"keyframes_shift": shift}))


def measure_film(film: Path, mode: str):
    return measure.measure_picture(film, BLACK_LEVEL, mode, THREADS)


def packet_needs(film: Path) -> list[bool]:
    """Which packets scorelens decodes although no other frame is predicted from them."""
    with av.open(str(film)) as container:
        stream = media.picture_stream(container)
        return [needed for _, needed in sampling._with_need(container, stream)]


def decode(film: Path, needs: list[bool]) -> None:
    with av.open(str(film)) as container:
        stream = media.picture_stream(container)
        stream.thread_type, stream.thread_count = "AUTO", THREADS
        stream.codec_context.open(strict=False)
        for packet, needed in zip(container.demux(stream), needs, strict=True):
            stream.codec_context.skip_frame = "DEFAULT" if needed else "NONREF"
            packet.decode()


def opencv_statistics(film: Path) -> list[tuple[float, ...]]:
    """Statistics of the first frame of every second, with frame k at k / rate."""
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
    """Shots of 1.5 to 7 s: still or slow pans over random shapes, dark or bright, with grain."""
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 3.6, (8, HEIGHT, WIDTH)).round().astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "medium"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        written = 0
        while written < SECONDS * RATE:
            frames = min(int(RATE * rng.uniform(1.5, 7)), SECONDS * RATE - written)
            speed = 2 * int(rng.integers(0, 4))
            planes = scene(rng, speed * frames)
            for k in range(frames):
                picture = window(planes, speed * k, grain[(written + k) % len(grain)])
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "yuv420p")))
            written += frames
        container.mux(stream.encode(None))
    return path


def scene(rng: np.random.Generator, margin: int) -> tuple[np.ndarray, ...]:
    """Y, Cb and Cr of a picture wider than the film by `margin` and higher by half of it."""
    height, width = HEIGHT + margin // 2, WIDTH + margin
    dark, bright = rng.uniform((16, 120), (60, 235))
    chroma = [shapes(rng, height // 2, width // 2, 100, 156) for _ in range(2)]
    return shapes(rng, height, width, dark, bright), *chroma


def shapes(rng: np.random.Generator, height: int, width: int, low: float, high: float):
    """Soft random shapes of 4 to 128 pixels; the larger, the stronger."""
    whole = np.zeros((height, width), np.float32)
    for size in 2 ** np.arange(2, 8):
        coarse = rng.standard_normal((height // size + 2, width // size + 2), dtype=np.float32)
        whole += size / 256 * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(low + (high - low) * (0.5 + 0.7 * whole), 0, 255).astype(np.uint8)


def window(planes: tuple[np.ndarray, ...], right: int, grain: np.ndarray) -> np.ndarray:
    """The visible part of a scene after a pan by `right` pixels, as yuv420p."""
    luma, *chroma = planes
    down = right // 2
    luma = cv2.add(luma[down : down + HEIGHT, right : right + WIDTH], grain, dtype=cv2.CV_8U)
    rows, columns = slice(down // 2, (down + HEIGHT) // 2), slice(right // 2, (right + WIDTH) // 2)
    chroma_rows = [plane[rows, columns][: HEIGHT // 2].reshape(-1, WIDTH) for plane in chroma]
    return np.concatenate([luma, *chroma_rows])


if __name__ == "__main__":
    main()
