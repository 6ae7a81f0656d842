"""Encode a film as MP4 (H.264 and AAC), with the same bytes for the same film."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import numpy as np
import soundfile

from scorelens.corpus.synthesis.pictures import FrameFormat
from scorelens.errors import MediaError, Problem
from scorelens.tables import atomic, scratch


def write_film(
    path: str | os.PathLike,
    frames: Iterator[np.ndarray],
    frame_format: FrameFormat,
    sound: np.ndarray,
    rate_hz: int,
) -> None:
    """Encode pictures and sound.

    Parameters
    ----------
    path : path
        Where the film goes. Its index comes first, so that it can be read while it is copied.
    frames : iterator of ndarray of uint8, shape (height, width, 3)
        BGR pictures.
    frame_format : FrameFormat
        Size and frame rate.
    sound : ndarray of float32, shape (n, 2)
        Stereo samples in -1..1.
    rate_hz : int
        Sample rate, Hz.

    Raises
    ------
    MediaError
        If FFmpeg fails, with the first line of its message.
    """
    with atomic(path) as temporary, scratch(Path(path).with_suffix(".wav")) as wave:
        try:
            soundfile.write(wave, sound, rate_hz, subtype="PCM_16")
        except soundfile.LibsndfileError as error:
            raise _failure(path, str(error)) from error
        command = _command(wave, temporary, frame_format)
        process = ffmpeg.run_async(
            command, cmd=imageio_ffmpeg.get_ffmpeg_exe(), pipe_stdin=True, pipe_stderr=True
        )
        with process:
            _feed(process, frames)
            message = process.stderr.read().decode(errors="replace").strip()
        if process.returncode:
            raise _failure(path, message or f"exit status {process.returncode}")


def _command(wave: Path, target: Path, frame_format: FrameFormat):
    pictures = ffmpeg.input(
        "pipe:",
        format="rawvideo",
        pix_fmt="bgr24",
        video_size=(frame_format.width, frame_format.height),
        framerate=frame_format.frame_rate_hz,
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
    """Write the frames; FFmpeg reports only errors, so its error pipe never fills meanwhile."""
    try:
        for frame in frames:
            process.stdin.write(np.ascontiguousarray(frame).data)
    except BrokenPipeError:
        pass  # FFmpeg has ended; its exit status and message say why
    except BaseException:
        process.kill()
        raise
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def _failure(path, message: str) -> MediaError:
    return MediaError(
        Problem(
            str(path),
            f"could not be encoded ({message.splitlines()[0]})",
            "FFmpeg to write the film",
            "check that the disk has space and that the folder is writable",
        )
    )
