"""Which films take part in retrieval, on which side of the split, and all they sound like."""

import logging
import os
from collections.abc import Collection, Mapping, Sequence
from itertools import repeat
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens.errors import InputError, Problem
from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.data.batches import Split, split_by_share, split_by_year
from scorelens.retrieval.data.dataset import LEFT_OUT, whole_rows
from scorelens.retrieval.data.deduplication import leave_out_copies, openings
from scorelens.retrieval.embed.fragment_io import read_fragments
from scorelens.tables import (
    RETRIEVAL_FILMS,
    RETRIEVAL_IMAGES,
    RETRIEVAL_TEXTS,
    RETRIEVAL_TRACKS,
    atomic,
    write_table,
)

LACKS = {"image": "no picture", "tags": "no tags", "plot": "no plot"}
SILENT = "no track that sounds"
UNUSED = "the corpus leaves it out"

log = logging.getLogger(__name__)


def gather_retrieval(
    described: Sequence[Mapping],
    sounds: Sequence[str | os.PathLike],
    images: str | os.PathLike | None,
    texts: str | os.PathLike | None,
    configurations: Sequence[str],
    split: Mapping[str, float],
    films: str | os.PathLike,
    tracks: str | os.PathLike,
    fragments: str | os.PathLike,
) -> None:
    """Write the films with their part in the split, their tracks, and all fragments in one array.

    A film is left out if it lacks a part that any of the configurations sees, or has no track that
    sounds; so is music that is on both sides of the split (see `copies`). The table and the log say
    so. described: `film_id`, `title`, `year` and `tags` of each film. sounds: a file of `sounds` a
    film, named by it; a film that has none is not in use. images, texts: tables of RETRIEVAL_IMAGES
    and RETRIEVAL_TEXTS; None where no configuration looks at them. split: the settings
    `last_training` and `first_test`, or with 0 for the first `training` and `validation`, see
    `batches`. fragments: of the tracks in the order of their table, an array of NumPy that can be
    memory-mapped. Raises InputError if too few films are left for a split, with how many are left
    out and why.
    """
    paths = {Path(path).stem: path for path in sounds}
    table = _describe(described, paths, _known(images, texts), configurations)
    heard = _listen({film: paths[film] for film in table["film_id"] if film in paths})
    table = _with_sounds(table, heard)
    _report_left_out(table)
    table = _with_parts(table, split)
    heard = heard[heard["film_id"].isin(table.loc[table["part"] != LEFT_OUT, "film_id"])]
    table, heard = leave_out_copies(table, heard)
    with atomic(fragments) as temporary:
        with temporary.open("wb") as file:
            _write_fragments(file, heard, paths)
        write_table(table, films, RETRIEVAL_FILMS)
        write_table(heard, tracks, RETRIEVAL_TRACKS)
    _report(table, heard)


def append_rows(file: BinaryIO, values: np.ndarray, rows: int) -> int:
    """Append rows to an array of NumPy that is being written. Returns how many it then has.

    values: (n, ...), of one shape and type from call to call. rows: those that are there; with 0
    the file is empty. NumPy's header keeps room for the number of rows to grow.
    """
    header = {
        "descr": np.lib.format.dtype_to_descr(values.dtype),
        "fortran_order": False,
        "shape": (rows + len(values), *values.shape[1:]),
    }
    file.seek(0)
    np.lib.format.write_array_header_1_0(file, header)
    file.seek(0, os.SEEK_END)
    file.write(np.ascontiguousarray(values).data)
    return rows + len(values)


def _known(
    images: str | os.PathLike | None, texts: str | os.PathLike | None
) -> dict[str, dict[str, int]]:
    """How many vectors there are of each part of a film: part -> film_id -> number."""
    known = {part: {} for part in LACKS}
    if texts:
        ids = whole_rows(texts, RETRIEVAL_TEXTS).groupby("segment")["film_id"]
        known |= {segment: own.value_counts().to_dict() for segment, own in ids}
    if images:
        known["image"] = whole_rows(images, RETRIEVAL_IMAGES)["film_id"].value_counts().to_dict()
    return known


def _describe(
    described: Sequence[Mapping],
    used: Collection[str],
    known: Mapping[str, Mapping[str, int]],
    configurations: Sequence[str],
) -> pd.DataFrame:
    """The films by id, with what is known before they are heard; `problem` says what they lack.

    used: ids of the films in use.
    """
    needed = {part for name in configurations for part in CONFIGURATIONS[name]}
    rows = []
    for film in sorted(described, key=lambda film: film["film_id"]):
        own = film["film_id"]
        lacks = [
            words for part, words in LACKS.items() if part in needed and own not in known[part]
        ]
        rows.append(
            {
                "film_id": own,
                "title": film["title"],
                "year": film["year"],
                "paragraphs": known["plot"].get(own, 0),
                "tags": tuple(film["tags"]),
                "problem": lacks if own in used else [UNUSED],
            }
        )
    return pd.DataFrame(rows)


def _listen(sounds: Mapping[str, str | os.PathLike]) -> pd.DataFrame:
    """The tracks of films: film_id, track_id, fragments, and `opening` as `copies` takes it."""
    rows = []
    for film_id, path in tqdm(sounds.items(), unit="film", disable=None):
        sound = read_fragments(path)
        counts = np.bincount(sound.track, minlength=len(sound.track_ids)).tolist()
        rows += zip(repeat(film_id), sound.track_ids, counts, openings(sound))
    columns = ["film_id", "track_id", "fragments", "opening"]
    return pd.DataFrame(rows, columns=columns).astype({"fragments": int})


def _write_fragments(
    file: BinaryIO, tracks: pd.DataFrame, sounds: Mapping[str, str | os.PathLike]
) -> None:
    """Write the fragments of tracks, in their order."""
    rows = 0
    for film_id, own in tqdm(tracks.groupby("film_id", sort=False), unit="film", disable=None):
        sound = read_fragments(sounds[film_id])
        chosen = np.isin(sound.track_ids, own["track_id"])[sound.track]
        rows = append_rows(file, sound.values[chosen], rows)


def _with_sounds(table: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """The films with the number of their tracks and fragments, and their problem in words."""
    heard = tracks.groupby("film_id")["fragments"].agg(tracks="size", fragments="sum")
    heard = heard.reindex(table["film_id"], fill_value=0).reset_index(drop=True)
    problems = [
        ", ".join(lacks if tracks or UNUSED in lacks else [*lacks, SILENT]) or None
        for lacks, tracks in zip(table["problem"], heard["tracks"], strict=True)
    ]
    return table.assign(**heard, problem=problems)


def _with_parts(table: pd.DataFrame, split: Mapping[str, float]) -> pd.DataFrame:
    """The films with their part in the split, which those that are left out do not move."""
    used = np.flatnonzero(table["problem"].isna())
    left_out = _left_out(table)
    if not len(used):
        raise InputError(left_out)
    try:
        found = _split(table["year"].to_numpy()[used], split)
    except InputError as error:
        raise InputError([*error.problems, *left_out]) from None
    parts = np.full(len(table), LEFT_OUT, object)
    for part, chosen in zip(Split._fields, found, strict=True):
        parts[used[chosen]] = part
    return table.assign(part=parts)


def _split(years: np.ndarray, split: Mapping[str, float]) -> Split:
    if split["last_training"]:
        return split_by_year(years, split["last_training"], split["first_test"])
    return split_by_share(years, split["training"], split["validation"])


def _left_out(table: pd.DataFrame) -> list[Problem]:
    """How many films are left out, and why; nothing if none is."""
    problems = table["problem"].dropna()
    if problems.empty:
        return []
    reasons = problems.str.split(", ").explode().value_counts()
    said = ", ".join(f"{number} {reason}" for reason, number in reasons.items())
    what = f"{len(problems)} of {len(table)} films are left out: {said}"
    expected = "films that have all that the configurations see"
    hint = "narrow retrieval.configurations, or fill in the columns of the table retrieval.films"
    return [Problem("the films of retrieval", what, expected, hint)]


def _report_left_out(table: pd.DataFrame) -> None:
    for film_id, problem in table.loc[table["problem"].notna(), ["film_id", "problem"]].values:
        log.info("%s is left out: %s", film_id, problem)
    for problem in _left_out(table):
        log.info(problem.what)


def _report(table: pd.DataFrame, tracks: pd.DataFrame) -> None:
    counts = [f"{(table['part'] == part).sum()} for {part}" for part in Split._fields]
    said = "films: %s; tracks: %d, of %d fragments"
    log.info(said, ", ".join(counts), len(tracks), tracks["fragments"].sum())
