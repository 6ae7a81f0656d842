"""Turn the published feature files into a feature table of each film."""

import logging
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.corpus import cue_ids, film_problems, open_file, read_columns
from scorelens.encoders.registry import ENCODERS

log = logging.getLogger(__name__)


def unpack_films(
    feature_set: str,
    paths: Sequence[str | os.PathLike],
    outputs: Mapping[str, str | os.PathLike],
) -> None:
    """Write the published features of every film (tables.FEATURES).

    Cues are numbered in their order; when they play is not published, so time_s counts the frames
    of a cue, which the study has at 1 Hz. A film whose cues cannot be used gets a table without
    rows: the corpus is checked before, and is run without that film.

    Parameters
    ----------
    feature_set : {"mir", "vggish"}
    paths : sequence of path
        Its files, as `corpus.published.FILES` names them.
    outputs : mapping of str to path
        film_id -> its table.

    Raises
    ------
    InputError
        If a file is damaged.
    """
    file = open_file(feature_set, paths)
    names = read_columns(paths[1]) if feature_set == "mir" else ENCODERS["vggish"].feature_names
    provenance = {
        "feature_set": feature_set,
        "source": "published",
        "published_sha256": {os.path.basename(path): media.sha256(path) for path in paths},
    }
    for film_id, output in tqdm(outputs.items(), unit="film", disable=None):
        problems = film_problems(film_id, file)
        for problem in problems:
            log.warning("%s", problem)
        cues = [] if problems else file.films[film_id]
        tables.write_table(film_table(film_id, cues, names), output, tables.FEATURES, provenance)
    log.info("%d films", len(outputs))


def film_table(film_id: str, cues: Sequence[np.ndarray], names: Sequence[str]) -> pd.DataFrame:
    """Make the rows of one film (tables.FEATURES).

    Parameters
    ----------
    film_id : str
    cues : sequence of ndarray, shape (frames, features)
        Values become float32.
    names : sequence of str
        Names of the features.

    Returns
    -------
    DataFrame
        One row a frame, in the order of the cues.
    """
    lengths = [len(cue) for cue in cues]
    values = np.concatenate([np.empty((0, len(names)), np.float32), *cues], dtype=np.float32)
    frame = pd.DataFrame(values, columns=list(names))
    frame.insert(0, "film_id", film_id)
    frame.insert(1, "cue_id", np.repeat(cue_ids(len(cues)), lengths).astype(object))
    seconds = np.concatenate([np.empty(0), *(np.arange(length) for length in lengths)])
    frame.insert(2, "time_s", seconds)
    return frame
