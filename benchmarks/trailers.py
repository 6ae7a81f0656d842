"""Measure how fast a trailer is sampled, against common OpenCV code and decoding alone.

    python benchmarks/trailers.py [--trailer FILE]

Without a trailer it makes one: the film of benchmarks/visuals.py (48 s of 1080p H.264), with stereo
AAC. Every method gives 31 frames at equal intervals from frame 200 on and 30 s of mono sound at
16 kHz, on one thread. The methods run alternately, three times; the run with the fewest CPU seconds
counts, including child processes. The last line is JSON:

- `over_decode`: scorelens, divided by decoding every frame and 30 s of sound with PyAV
- `over_opencv`: reading every frame with OpenCV and selecting frames, and `ffmpeg` for the sound,
  divided by scorelens
- `over_opencv_grab`: the same, but OpenCV converts only the selected frames
- `x_realtime`: seconds of trailer per CPU second
- `difference`: the middle ten frames minus those of OpenCV, mean over pixels, of 255
"""

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import imageio_ffmpeg
import numpy as np
import visuals

from scorelens import media
from scorelens.encoders.image_files import centre_square
from scorelens.trailers.data import frame_sampling

SAMPLING = frame_sampling.Sampling(first_frame=200, frames=31, used=10, sound_s=30)
RATE_HZ = 48_000  # of the sound of the trailer that is made
SCORELENS, FLOOR = "scorelens", "decoding alone"
READ, GRAB = "OpenCV reads all, ffmpeg", "OpenCV grabs all, ffmpeg"
REPEATS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trailer", type=Path, help="trailer to sample")
    trailer = parser.parse_args().trailer
    with tempfile.TemporaryDirectory() as folder:
        report(trailer or make_trailer(Path(folder)))


def report(trailer: Path) -> None:
    methods = {
        SCORELENS: lambda: frame_sampling.sample_trailer(trailer, SAMPLING)[0],
        FLOOR: lambda: decode(trailer),
        READ: lambda: sample_with_opencv(trailer, grabs=False),
        GRAB: lambda: sample_with_opencv(trailer, grabs=True),
    }
    cpu_s, samples = {name: float("inf") for name in methods}, {}
    for _ in range(REPEATS):
        for name, method in methods.items():
            start = sum(os.times()[:4])
            samples[name] = method()
            cpu_s[name] = min(cpu_s[name], sum(os.times()[:4]) - start)
    trailer_s = media.probe(trailer).duration_s
    print(f"{trailer_s:.0f} s of trailer, one thread")
    print(f"{'method':26}{'CPU s':>8}{'x real time':>14}")
    for name, seconds in cpu_s.items():
        print(f"{name:26}{seconds:8.2f}{trailer_s / seconds:14.0f}")
    ratios = {
        "over_decode": cpu_s[SCORELENS] / cpu_s[FLOOR],
        "over_opencv": cpu_s[READ] / cpu_s[SCORELENS],
        "over_opencv_grab": cpu_s[GRAB] / cpu_s[SCORELENS],
        "x_realtime": trailer_s / cpu_s[SCORELENS],
        "difference": np.abs(samples[SCORELENS].frames - np.float32(samples[READ])).mean(),
    }
    print(json.dumps({name: round(float(ratio), 3) for name, ratio in ratios.items()}))


def decode(trailer: Path) -> None:
    """Decode every frame and the first seconds of sound, without using them."""
    with av.open(str(trailer)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        for _ in container.decode(stream):
            pass
    with av.open(str(trailer)) as container:
        for frame in container.decode(container.streams.audio[0]):
            if frame.time > SAMPLING.sound_s:
                return


def sample_with_opencv(trailer: Path, grabs: bool) -> np.ndarray:
    """Select frames with OpenCV and decode the sound with ffmpeg."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-threads", "1", "-i", str(trailer)]
    command += ["-vn", "-t", str(SAMPLING.sound_s), "-ac", "1", "-ar", str(frame_sampling.RATE_HZ)]
    sound = subprocess.run([*command, "-f", "f32le", "-"], capture_output=True, check=True).stdout
    assert len(sound) > 0
    pictures = [centre_square(bgr[..., ::-1]) for bgr in selected_frames(trailer, grabs)]
    not_black = [picture for picture in pictures if not frame_sampling.is_black(picture)]
    return np.array(frame_sampling.middle_items(not_black, SAMPLING.used))


def selected_frames(trailer: Path, grabs: bool) -> Iterator[np.ndarray]:
    """The selected frames, with OpenCV. grabs: do not convert other frames."""
    reader = cv2.VideoCapture(str(trailer), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    count = int(reader.get(cv2.CAP_PROP_FRAME_COUNT))
    selected = set(frame_sampling.frame_numbers(count, SAMPLING).tolist())
    for number in range(count):
        if grabs:
            reader.grab()
            if number in selected:
                yield reader.retrieve()[1]
        else:
            _, bgr = reader.read()
            if number in selected:
                yield bgr


def make_trailer(folder: Path) -> Path:
    """A film with sound of its length: fading chords and hiss."""
    film, path = visuals.make_film(folder / "film.mp4"), folder / "trailer.mp4"
    with av.open(str(film)) as pictures, av.open(str(path), "w") as container:
        picture = container.add_stream_from_template(pictures.streams.video[0])
        sound = container.add_stream("aac", rate=RATE_HZ, layout="stereo")
        for packet in pictures.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                container.mux(packet)
        frame = av.AudioFrame.from_ndarray(chords(), format="fltp", layout="stereo")
        frame.sample_rate = RATE_HZ
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return path


def chords() -> np.ndarray:
    """Sound, float32 (2, samples)."""
    rng = np.random.default_rng(0)
    seconds = np.arange(RATE_HZ) / RATE_HZ
    bars = [
        np.sin(2 * np.pi * rng.uniform(80, 2000, (4, 1)) * seconds).sum(0) * np.exp(-2 * seconds)
        for _ in range(visuals.SECONDS)
    ]
    hiss = rng.normal(0, 0.01, (2, RATE_HZ * visuals.SECONDS))
    return (0.1 * np.concatenate(bars) + hiss).astype(np.float32)


if __name__ == "__main__":
    main()
