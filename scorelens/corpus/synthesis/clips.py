"""Draw random voice clips or sound effects from a folder of recordings."""

import logging
import os

import numpy as np

from scorelens import media
from scorelens.albums.files import is_cue, list_files
from scorelens.corpus.synthesis.mixing import Clips
from scorelens.errors import InputError, MediaError, Problem

log = logging.getLogger(__name__)


def clips_of_folder(folder: str | os.PathLike, what: str, rate_hz: int) -> Clips:
    """Make a function that draws random clips from the sound files in a folder and its subfolders.

    Parameters
    ----------
    folder : path
        The folder. Clips that cannot be read, or hold no sound, are skipped with a warning.
    what : str
        What the clips are, for messages.
    rate_hz : int
        Sample rate of the clips, Hz.

    Returns
    -------
    callable
        Takes a Generator and returns a mono clip, float32 of shape (n,). Raises InputError if no
        file can be read.

    Raises
    ------
    InputError
        If the folder does not exist or holds no sound file.
    """
    if not os.path.isdir(folder):
        problem = "is a file" if os.path.isfile(folder) else "does not exist"
        raise InputError(Problem(str(folder), problem, f"a folder of {what}"))
    paths = [path for path in list_files(folder) if not is_cue(path)]
    if not paths:
        raise InputError(Problem(str(folder), f"holds no {what}", "files with sound"))

    def draw(rng: np.random.Generator) -> np.ndarray:
        while paths:
            path = paths[rng.integers(len(paths))]
            try:
                return _read(path, rate_hz)
            except MediaError as error:
                log.warning("skipped: %s", error)
                paths.remove(path)
        raise InputError(
            Problem(str(folder), f"none of its {what} can be read", "sound files that FFmpeg reads")
        )

    return draw


def _read(path: str, rate_hz: int) -> np.ndarray:
    clip = media.read_audio(path, rate_hz)
    if not clip.any():
        raise MediaError(Problem(path, "holds no sound", "an audible recording"))
    return clip
