"""Sounds and films of known content, written with the ffmpeg binary."""

import pathlib
import subprocess

import imageio_ffmpeg
import numpy as np
import soundfile

from scorelens import media
from scorelens.visuals import sampling

RATE_HZ = 44100
SECONDS = 8.3
FRAME_RATE_HZ = 25
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "20", "-bf", "0")
MPEG2 = ("-c:v", "mpeg2video", "-b:v", "2M", "-sc_threshold", "1000000000")


def ffmpeg(*arguments, source: bytes | None = None) -> bytes:
    """Run the ffmpeg binary; return its standard output."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    done = subprocess.run(command, input=source or b"", capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-500:]
    return done.stdout


def music(seconds: float = SECONDS, rate_hz: int = RATE_HZ, seed: int = 0) -> np.ndarray:
    """Tones and noise of varying level, never silent: float32 (n,), -0.8..0.8."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz

    def envelope():
        points = np.arange(0, seconds + 0.5, 0.5)
        return np.interp(time_s, points, rng.uniform(0.1, 1, len(points)))

    notes = [envelope() * np.sin(2 * np.pi * f * time_s) for f in rng.uniform(80, 1500, 5)]
    wave = sum(notes) + 0.5 * envelope() * rng.standard_normal(len(time_s))
    return (0.8 * wave / np.abs(wave).max()).astype(np.float32)


def write_music(path: pathlib.Path, seconds=SECONDS, rate_hz=RATE_HZ, seed=0) -> pathlib.Path:
    """Write stereo music; the right channel is the left one times 0.5."""
    wave = music(seconds, rate_hz, seed)
    soundfile.write(path, np.stack([wave, wave / 2], axis=1), rate_hz, subtype="PCM_16")
    return path


def joined(path: pathlib.Path, *parts: pathlib.Path | bytes) -> pathlib.Path:
    """Write files or bytes one after the other; return the path."""
    contents = (part if isinstance(part, bytes) else part.read_bytes() for part in parts)
    path.write_bytes(b"".join(contents))
    return path


def decoded_s(path: pathlib.Path) -> float:
    rate_hz = media.read_header(path).sample_rate_hz
    return sum(map(len, media.audio_blocks(path, rate_hz))) / rate_hz


def id3(size: int) -> bytes:
    """An ID3v2 tag with `size` zero bytes of content."""
    return b"ID3\x04\x00\x00" + bytes((size >> k) & 127 for k in (21, 14, 7, 0)) + bytes(size)


def flash_times(seconds: float, seed: int) -> list[float]:
    """Times in s of the flashes and clicks of a flashing film, at frame boundaries."""
    gaps = np.random.default_rng(seed).uniform(0.9, 1.5, round(seconds))
    times = np.round((0.4 + np.cumsum(gaps)) * FRAME_RATE_HZ) / FRAME_RATE_HZ
    return times[times < seconds - 0.4].tolist()


def write_flashing(
    path, seconds: float, seed: int, *options, sound_s=None, picture_s=None, delay_s=0
):
    """Write a dark film that flashes for 0.16 s whenever its sound clicks.

    options: codecs and options of ffmpeg. sound_s, picture_s: their lengths, by default `seconds`.
    delay_s: delay of the sound.
    """
    rate_hz, rng = 48000, np.random.default_rng(seed)
    sound = np.zeros(round(seconds * rate_hz), np.float32)
    picture = np.full((round(seconds * FRAME_RATE_HZ), 48, 64), 40, np.uint8)
    for time_s in flash_times(seconds, seed):
        click, frame = round(time_s * rate_hz), round(time_s * FRAME_RATE_HZ)
        sound[click : click + rate_hz // 100] = rng.uniform(-0.8, 0.8, rate_hz // 100)
        picture[frame : frame + 4] = 230
    wave = path.with_suffix(".click.wav")
    soundfile.write(wave, sound[: round((sound_s or seconds) * rate_hz)], rate_hz)
    shown = picture[: round((picture_s or seconds) * FRAME_RATE_HZ)].tobytes()
    raw = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", "64x48", "-r", FRAME_RATE_HZ, "-i", "-")
    late = ("-itsoffset", delay_s, "-i", wave)
    ffmpeg(*raw, *late, "-pix_fmt", "yuv420p", "-g", 25, *options, path, source=shown)
    wave.unlink()
    return path


def clicks_s(path: pathlib.Path) -> np.ndarray:
    """Times in s of the clicks in the decoded sound of a flashing film."""
    rate_hz = 8000
    loud_samples = np.flatnonzero(np.abs(media.read_audio(path, rate_hz)) > 0.12)
    return loud_samples[np.diff(loud_samples, prepend=-rate_hz) > rate_hz / 5] / rate_hz


def flashes_s(path: pathlib.Path) -> np.ndarray:
    """Times in s of the flashes in the decoded picture of a flashing film."""
    shown = list(sampling.shown_frames(path))
    bright = np.array([one.frame.to_ndarray(format="gray").mean() > 130 for one in shown])
    starts = np.flatnonzero(np.diff(bright.astype(int), prepend=0) == 1)
    return np.array([shown[k].start_s for k in starts])
