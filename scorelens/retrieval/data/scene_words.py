"""Find the subtitles that are shown in each scene of a film."""

import logging
import os

import pandas as pd

from scorelens import tables
from scorelens.retrieval.data.subtitles import read_subtitles, words_between

log = logging.getLogger(__name__)


def write_scene_words(
    cues: str | os.PathLike, subtitles: str | os.PathLike, output: str | os.PathLike
) -> None:
    """Write the words of the scenes of one film (tables.RETRIEVAL_SCENES), a row a cue.

    Parameters
    ----------
    cues : path
        The cues of the film (tables.CUES).
    subtitles : path
        Its file of subtitles.
    output : path

    Raises
    ------
    MediaError
        If the subtitles cannot be read.
    """
    columns = {"film_start_s": "start_s", "film_end_s": "end_s"}
    scenes = tables.read_table(cues, tables.CUES).rename(columns=columns)
    lines = read_subtitles(subtitles)
    spans = zip(scenes.start_s, scenes.end_s, strict=True)
    words = [words_between(lines, *span) or None for span in spans]
    scenes = scenes.assign(words=pd.Series(words, scenes.index, dtype="str"))
    tables.write_table(scenes[tables.RETRIEVAL_SCENES.names], output, tables.RETRIEVAL_SCENES)
    log.info("%d scenes, %d with subtitles", len(scenes), sum(map(bool, words)))
