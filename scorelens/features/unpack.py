"""From the published feature files to a table of each film, as if it had been measured here."""

import logging
import os
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens import media, tables
from scorelens.corpus.published import inspection
from scorelens.corpus.published.mir_names import read_columns

# As the set `vggish` has them, without loading what runs its network.
VGGISH_NAMES = [f"vggish.embedding_{index:03d}" for index in range(inspection.VGGISH_COLUMNS)]

log = logging.getLogger(__name__)


def unpack_films(
    feature_set: str,
    paths: Sequence[str | os.PathLike],
    outputs: Mapping[str, str | os.PathLike],
) -> None:
    """Write the published features of every film (tables.FEATURES), the dictionary read once.

    feature_set: `mir` or `vggish`. paths: its files, as corpus.published.FILES has them. outputs:
    film_id -> its table. Cues are numbered as they come; when they play is not published, so
    time_s counts the frames of a cue, which the study has at 1 Hz. A film whose cues cannot be used
    gets a table without rows: the corpus is checked before, and is run without that film.
    Raises InputError if a file does not hold as a whole.
    """
    file = inspection.open_file(feature_set, paths)
    names = read_columns(paths[1]) if feature_set == "mir" else VGGISH_NAMES
    provenance = {
        "feature_set": feature_set,
        "source": "published",
        "published_sha256": {os.path.basename(path): media.sha256(path) for path in paths},
    }
    for film_id, output in tqdm(outputs.items(), unit="film", disable=None):
        problems = inspection.film_problems(film_id, file)
        for problem in problems:
            log.warning("%s", problem)
        cues = [] if problems else file.films[film_id]
        tables.write_table(film_table(film_id, cues, names), output, tables.FEATURES, provenance)
    log.info("%d films", len(outputs))


def film_table(film_id: str, cues: Sequence[np.ndarray], names: Sequence[str]) -> pd.DataFrame:
    """The cues of one film as rows of tables.FEATURES.

    cues: arrays (frames, features). names: of the features. Values become float32.
    """
    lengths = [len(cue) for cue in cues]
    values = np.concatenate([np.empty((0, len(names)), np.float32), *cues], dtype=np.float32)
    frame = pd.DataFrame(values, columns=list(names))
    frame.insert(0, "film_id", film_id)
    frame.insert(1, "cue_id", np.repeat(inspection.cue_ids(len(cues)), lengths).astype(object))
    seconds = np.concatenate([np.empty(0), *(np.arange(length) for length in lengths)])
    frame.insert(2, "time_s", seconds)
    return frame
