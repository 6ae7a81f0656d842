"""Make a light copy of a film that every browser plays."""

import os
import subprocess

import imageio_ffmpeg

from scorelens import media
from scorelens.errors import InputError, Problem
from scorelens.tables import atomic

HEIGHT = 480  # pixels at most
KEY_FRAME_S = 2  # so that a player finds any moment at once
PICTURE = (
    *("-vf", f"scale=-2:'2*trunc(min({HEIGHT},ih)/2)',format=yuv420p"),
    *("-c:v", "libx264", "-preset", "veryfast", "-crf", "27"),
    *("-force_key_frames", f"expr:gte(t,n_forced*{KEY_FRAME_S})"),
)
SOUND = ("-ac", "2", "-c:a", "aac", "-b:a", "128k")


def write_preview(video: str, audio: str, path: str | os.PathLike) -> None:
    """Write a copy of a film in H.264 and AAC.

    Parameters
    ----------
    video : str
        The film.
    audio : str
        Number or language of its sound; empty for the default one.
    path : str or os.PathLike
        The copy, MP4.

    Raises
    ------
    InputError
        If FFmpeg cannot decode the film.
    """
    streams = _streams(video, audio)
    with atomic(path) as temporary:
        command = [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-nostdin", "-i", video),
            *(option for index in streams for option in ("-map", f"0:{index}")),
            *PICTURE,
            *SOUND,
            *("-movflags", "+faststart", "-f", "mp4", str(temporary)),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            reason = done.stderr.strip().rpartition("\n")[2]
            what = f"no preview can be made of it: {reason}"
            hint = "set `desk: {preview: none}`, or convert the film"
            raise InputError(Problem(str(video), what, "a film that FFmpeg decodes", hint))


def _streams(video: str, audio: str) -> list[int]:
    """Indexes of the picture and the sound of a film, as far as it has them."""
    with media.open_container(video) as container:
        chosen = (media.picture_stream(container), media.sound_stream(container, audio))
        return [stream.index for stream in chosen if stream is not None]
