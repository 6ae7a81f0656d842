"""Detect music, speech and singing in one film and write its table, one row a second."""

import logging
import os

import numpy as np
import pandas as pd

from scorelens import media, tables
from scorelens.music import detector

log = logging.getLogger(__name__)


def detect_film(
    film_id: str,
    video: str | os.PathLike,
    status: str | os.PathLike,
    table: str | os.PathLike,
    installed: str,
    audio: str = "",
) -> None:
    """Write the table of MUSIC of a film. Its sound is decoded once.

    Parameters
    ----------
    film_id : str
        Id of the film.
    video : path
        The film.
    status : path
        The film's row of the corpus check (`tables.STATUS`), which holds its hash.
    table : path
        Where the table goes.
    installed : str
        Name and version of the package of the detector, for the provenance.
    audio : str
        Number or language of the film's sound, empty for the default one.

    Raises
    ------
    InputError
        If the detector is not installed.
    MediaError
        If the film has no sound, or is not the file that was checked.
    """
    film = tables.read_table(status, tables.STATUS).iloc[0]
    media.require_bytes(video, film.video_bytes)
    network = detector.load_detector()
    sound = media.Sound(video, stream=audio)
    blocks = media.audio_blocks(sound, detector.RATE_HZ, detector.BLOCK_S)
    rows = music_table(film_id, detector.probabilities_by_second(blocks, network))
    provenance = {
        "detector": installed,
        "model_sha256": detector.model_sha256(),
        "video_sha256": film.video_sha256,
    }
    tables.write_table(rows, table, tables.MUSIC, provenance)
    log.info("%s: %d seconds, mean probabilities %s", film_id, len(rows), _means(rows))


def music_table(film_id: str, probabilities: np.ndarray) -> pd.DataFrame:
    """Lay out the probabilities of a film as its table.

    Parameters
    ----------
    film_id : str
    probabilities : ndarray of float32, shape (seconds, 3)
        Of `detector.CLASSES`.

    Returns
    -------
    DataFrame
        Rows of MUSIC.
    """
    columns = dict(zip(detector.CLASSES, np.clip(probabilities, 0, 1).T, strict=True))
    seconds = np.arange(len(probabilities), dtype=np.float64)
    rows = pd.DataFrame({"film_id": film_id, "time_s": seconds, **columns})
    return tables.as_typed(rows[tables.MUSIC.names], tables.MUSIC)


def _means(rows: pd.DataFrame) -> str:
    return ", ".join(f"{name} {rows[name].mean():.2f}" for name in detector.CLASSES)
