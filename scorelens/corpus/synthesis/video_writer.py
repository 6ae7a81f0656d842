"""Write a film: H.264 pictures and AAC sound in MP4, the same bytes for the same film."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import numpy as np
import soundfile

from scorelens.corpus.synthesis.pictures import Format
from scorelens.errors import MediaError, Problem
from scorelens.tables import atomic, scratch


def write_film(
    path: str | os.PathLike,
    frames: Iterator[np.ndarray],
    look: Format,
    sound: np.ndarray,
    rate_hz: int,
) -> None:
    """Encode frames (uint8 BGR, height x width x 3) and stereo sound (n, 2) in -1..1.

    The index stands in front, so that a film can be read while it is copied. Raises MediaError
    with FFmpeg's first words if it fails.
    """
    with atomic(path) as temporary, scratch(Path(path).with_suffix(".wav")) as wave:
        try:
            soundfile.write(wave, sound, rate_hz, subtype="PCM_16")
        except soundfile.LibsndfileError as error:
            raise _failure(path, str(error)) from error
        command = _command(wave, temporary, look)
        process = ffmpeg.run_async(
            command, cmd=imageio_ffmpeg.get_ffmpeg_exe(), pipe_stdin=True, pipe_stderr=True
        )
        with process:
            _feed(process, frames)
            words = process.stderr.read().decode(errors="replace").strip()
        if process.returncode:
            raise _failure(path, words or f"exit status {process.returncode}")


def _command(wave: Path, target: Path, look: Format):
    pictures = ffmpeg.input(
        "pipe:",
        format="rawvideo",
        pix_fmt="bgr24",
        video_size=(look.width, look.height),
        framerate=look.frame_rate_hz,
    ).filter("scale", out_color_matrix="bt709", out_range="tv")
    return ffmpeg.output(
        pictures,
        ffmpeg.input(str(wave)),
        str(target),
        vcodec="libx264",
        preset="superfast",
        crf=23,
        pix_fmt="yuv420p",
        acodec="aac",
        aac_coder="fast",
        audio_bitrate="128k",
        threads=1,
        movflags="+faststart",
        map_metadata=-1,
        fflags="+bitexact",
        flags="+bitexact",
        loglevel="error",
    ).overwrite_output()


def _feed(process, frames: Iterator[np.ndarray]) -> None:
    """Hand the frames over; FFmpeg says little, so its error pipe never fills meanwhile."""
    try:
        for frame in frames:
            process.stdin.write(np.ascontiguousarray(frame).data)
    except BrokenPipeError:
        pass  # FFmpeg has ended; its exit status and words say why
    except BaseException:
        process.kill()
        raise
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def _failure(path, words: str) -> MediaError:
    return MediaError(
        Problem(
            str(path),
            f"could not be encoded ({words.splitlines()[0]})",
            "FFmpeg to write the film",
            "look for room on the disk and the right to write there",
        )
    )
