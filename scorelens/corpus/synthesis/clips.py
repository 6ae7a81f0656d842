"""Voice clips and sound effects from a folder of real recordings."""

import logging
import os

import numpy as np

from scorelens import media
from scorelens.albums.files import is_cue, list_files
from scorelens.corpus.synthesis.mixing import Clips
from scorelens.errors import InputError, MediaError, Problem

log = logging.getLogger(__name__)


def clips_of_folder(folder: str | os.PathLike, what: str, rate_hz: int) -> Clips:
    """A drawer of random clips from the sound files below a folder, mono float32 at `rate_hz`.

    what: what the clips are, for messages. Clips that cannot be read, or hold no sound, are passed
    over with a warning. Raises InputError if the folder is absent or holds no such file, and,
    when a clip is drawn, if none of them could be read.
    """
    if not os.path.isdir(folder):
        found = "is a file" if os.path.isfile(folder) else "does not exist"
        raise InputError(Problem(str(folder), found, f"a folder of {what}"))
    paths = [path for path in list_files(folder) if not is_cue(path)]
    if not paths:
        raise InputError(Problem(str(folder), f"holds no {what}", "files with sound"))

    def draw(rng: np.random.Generator) -> np.ndarray:
        while paths:
            path = paths[rng.integers(len(paths))]
            try:
                return _read(path, rate_hz)
            except MediaError as error:
                log.warning("passed over: %s", error)
                paths.remove(path)
        raise InputError(
            Problem(str(folder), f"none of its {what} can be read", "sound files that FFmpeg reads")
        )

    return draw


def _read(path: str, rate_hz: int) -> np.ndarray:
    clip = media.read_audio(path, rate_hz)
    if not clip.any():
        raise MediaError(Problem(path, "holds no sound", "a recording that can be heard"))
    return clip
