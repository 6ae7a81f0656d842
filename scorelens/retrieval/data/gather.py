"""Gather the dataset of retrieval: films with their part of the split, tracks, and fragments."""

import logging
import os
from collections.abc import Collection, Mapping, Sequence
from itertools import repeat
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
from tqdm import tqdm

from scorelens.errors import InputError, Problem
from scorelens.learning.film_groups import join_with_corpus
from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.data.batches import Split, split_by_share, split_by_year
from scorelens.retrieval.data.dataset import LEFT_OUT, complete_rows
from scorelens.retrieval.data.deduplication import remove_duplicates, track_signatures
from scorelens.retrieval.data.group_split import unite_groups
from scorelens.retrieval.embed.fragment_io import read_fragments
from scorelens.tables import (
    RETRIEVAL_FILMS,
    RETRIEVAL_IMAGES,
    RETRIEVAL_TEXTS,
    RETRIEVAL_TRACKS,
    atomic,
    write_table,
)

# Reasons why a film is left out.
MISSING_PARTS = {"image": "no picture", "tags": "no tags", "plot": "no plot"}
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
    groups: str | os.PathLike | None = None,
) -> None:
    """Write the films with their part of the split, their tracks, and all fragments in one array.

    A film is left out if it lacks a part that a configuration uses, has no track that sounds, is in
    another part of the split than most of its group (see `group_split`), or has only music of an
    earlier part (see `deduplication`). The table and the log give the reason.

    Parameters
    ----------
    described : sequence of mapping
        `film_id`, `title`, `year` and `tags` of each film, and `groups` by the column of the table.
    sounds : sequence of path
        Files of `fragment_io`, one per film, named by the film id. A film without one is unused.
    images, texts : path or None
        Tables of RETRIEVAL_IMAGES and RETRIEVAL_TEXTS; None if no configuration uses them.
    configurations : sequence of str
        Names of CONFIGURATIONS.
    split : mapping of str to float
        `last_training` and `first_test` (years); or `last_training` 0, `training` and `validation`
        (shares of the films).
    films, tracks : path
        Outputs: tables of RETRIEVAL_FILMS and RETRIEVAL_TRACKS.
    fragments : path
        Output: NumPy array of the fragments in the order of the tracks, to be memory-mapped.
    groups : path, optional
        The groups of the films of the corpus (tables.FILM_GROUPS).

    Raises
    ------
    InputError
        If too few films are left for a split. It says how many are left out and why.
    """
    paths = {Path(path).stem: path for path in sounds}
    table = _describe(described, paths, _count_vectors(images, texts), configurations)
    track_table = _read_tracks({film: paths[film] for film in table["film_id"] if film in paths})
    table = _with_counts(table, track_table)
    _log_left_out(table)
    group = _groups(described, groups)
    table = unite_groups(_with_parts(table.assign(group=table["film_id"].map(group)), split))
    used = table.loc[table["part"] != LEFT_OUT, "film_id"]
    track_table = track_table[track_table["film_id"].isin(used)]
    table, track_table = remove_duplicates(table, track_table)
    with atomic(fragments) as temporary:
        with temporary.open("wb") as file:
            _write_fragments(file, track_table, paths)
        write_table(table, films, RETRIEVAL_FILMS)
        write_table(track_table, tracks, RETRIEVAL_TRACKS)
    counts = ", ".join(f"{(table['part'] == part).sum()} for {part}" for part in Split._fields)
    message = "films: %s; tracks: %d, of %d fragments"
    log.info(message, counts, len(track_table), track_table["fragments"].sum())


def _groups(described: Sequence[Mapping], groups: str | os.PathLike | None) -> dict[str, str]:
    """The group of each film, by film id."""
    films = sorted(described, key=itemgetter("year", "film_id"))
    names = {film["film_id"]: film.get("groups", ()) for film in films}
    return join_with_corpus([*names], names, groups)


def append_rows(file: BinaryIO, values: np.ndarray, rows: int) -> int:
    """Append rows to a NumPy array on the disk.

    The header of the format has room for the number of rows to grow.

    Parameters
    ----------
    file : binary file
        File of the array, open for writing; empty if `rows` is 0.
    values : numpy.ndarray
        (n, ...), of the same row shape and dtype in each call.
    rows : int
        Number of rows so far.

    Returns
    -------
    int
        Number of rows afterwards.
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


def _count_vectors(
    images: str | os.PathLike | None, texts: str | os.PathLike | None
) -> dict[str, dict[str, int]]:
    """Number of vectors of each film, by part and film id."""
    counts = {part: {} for part in MISSING_PARTS}
    if texts:
        ids = complete_rows(texts, RETRIEVAL_TEXTS).groupby("segment")["film_id"]
        counts |= {segment: films.value_counts().to_dict() for segment, films in ids}
    if images:
        ids = complete_rows(images, RETRIEVAL_IMAGES)["film_id"]
        counts["image"] = ids.value_counts().to_dict()
    return counts


def _describe(
    described: Sequence[Mapping],
    used: Collection[str],
    counts: Mapping[str, Mapping[str, int]],
    configurations: Sequence[str],
) -> pd.DataFrame:
    """The films by id; `problem` lists the parts that each lacks. used: ids of films in use."""
    needed = {part for name in configurations for part in CONFIGURATIONS[name]}
    rows = []
    for film in sorted(described, key=lambda film: film["film_id"]):
        film_id = film["film_id"]
        missing = [
            reason
            for part, reason in MISSING_PARTS.items()
            if part in needed and film_id not in counts[part]
        ]
        rows.append(
            {
                "film_id": film_id,
                "title": film["title"],
                "year": film["year"],
                "paragraphs": counts["plot"].get(film_id, 0),
                "tags": tuple(film["tags"]),
                "problem": missing if film_id in used else [UNUSED],
            }
        )
    return pd.DataFrame(rows)


def _read_tracks(sounds: Mapping[str, str | os.PathLike]) -> pd.DataFrame:
    """The tracks of films: film_id, track_id, fragments, signature."""
    rows = []
    for film_id, path in tqdm(sounds.items(), unit="film", disable=None):
        sound = read_fragments(path)
        counts = np.bincount(sound.track, minlength=len(sound.track_ids)).tolist()
        rows += zip(repeat(film_id), sound.track_ids, counts, track_signatures(sound))
    columns = ["film_id", "track_id", "fragments", "signature"]
    return pd.DataFrame(rows, columns=columns).astype({"fragments": int})


def _write_fragments(
    file: BinaryIO, tracks: pd.DataFrame, sounds: Mapping[str, str | os.PathLike]
) -> None:
    rows = 0
    for film_id, group in tqdm(tracks.groupby("film_id", sort=False), unit="film", disable=None):
        sound = read_fragments(sounds[film_id])
        chosen = np.isin(sound.track_ids, group["track_id"])[sound.track]
        rows = append_rows(file, sound.values[chosen], rows)


def _with_counts(table: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """The films with their numbers of tracks and fragments, and `problem` as text."""
    counts = tracks.groupby("film_id")["fragments"].agg(tracks="size", fragments="sum")
    counts = counts.reindex(table["film_id"], fill_value=0).reset_index(drop=True)
    problems = [
        ", ".join(missing if tracks or UNUSED in missing else [*missing, SILENT]) or None
        for missing, tracks in zip(table["problem"], counts["tracks"], strict=True)
    ]
    return table.assign(**counts, problem=problems)


def _with_parts(table: pd.DataFrame, split: Mapping[str, float]) -> pd.DataFrame:
    """The films with their part; films that are left out do not affect the split."""
    used = np.flatnonzero(table["problem"].isna())
    left_out = _left_out_problems(table)
    if not len(used):
        raise InputError(left_out)
    years = table["year"].to_numpy()[used]
    try:
        if split["last_training"]:
            films = split_by_year(years, split["last_training"], split["first_test"])
        else:
            films = split_by_share(years, split["training"], split["validation"])
    except InputError as error:
        raise InputError([*error.problems, *left_out]) from None
    parts = np.full(len(table), LEFT_OUT, object)
    for part, chosen in zip(Split._fields, films, strict=True):
        parts[used[chosen]] = part
    return table.assign(part=parts)


def _left_out_problems(table: pd.DataFrame) -> list[Problem]:
    """How many films are left out and why; empty if none is."""
    problems = table["problem"].dropna()
    if problems.empty:
        return []
    reasons = problems.str.split(", ").explode().value_counts()
    counts = ", ".join(f"{number} {reason}" for reason, number in reasons.items())
    what = f"{len(problems)} of {len(table)} films are left out: {counts}"
    expected = "films with every part that the configurations see"
    hint = "narrow retrieval.configurations, or fill in the columns of the table retrieval.films"
    return [Problem("the films of retrieval", what, expected, hint)]


def _log_left_out(table: pd.DataFrame) -> None:
    for film_id, problem in table.loc[table["problem"].notna(), ["film_id", "problem"]].values:
        log.info("%s is left out: %s", film_id, problem)
    for problem in _left_out_problems(table):
        log.info(problem.what)
