"""What a model learns from, split by year, and the pairs of films and tracks that it sees.

A batch holds a film once at most, so that all its other tracks are strangers to the film. An epoch
goes through the films as often as a film has tracks on average; each time a film comes with one of
its tracks, one fragment of that, one of its images and one of its texts, drawn at random.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from scorelens.errors import InputError, Problem

LEAST = 2  # films of each part: one alone has no stranger's music
ENOUGH = "two films at least in each part"


class Rows(NamedTuple):
    """Vectors or spectrograms, and whose they are.

    values: float16 or float32 (rows, ...), may be a memory map. owner: int (rows,), rising from 0;
    each owner has a row at least. The first row of an owner is the one that counts in evaluation.
    """

    values: np.ndarray
    owner: np.ndarray


class Corpus(NamedTuple):
    """Films, as one configuration sees them, and their tracks.

    views: `image`, `text` or both, of films. fragments: of tracks, vectors (rows, size) or log-mel
    (rows, BANDS, FRAMES). film: int (tracks,), the film of each track, rising from 0; each film has
    a track at least.
    """

    views: Mapping[str, Rows]
    fragments: Rows
    film: np.ndarray


class Split(NamedTuple):
    """Which films teach, tell when to stop, and test: rows of films, int (n,), rising."""

    training: np.ndarray
    validation: np.ndarray
    test: np.ndarray


class Batch(NamedTuple):
    """Pairs of a film and one of its tracks. views: a row of each. fragments: a row."""

    views: dict[str, np.ndarray]
    fragments: np.ndarray


def split_by_year(years: np.ndarray, last_training: int, first_test: int) -> Split:
    """Films up to a year teach, films from another on test, those between tell when to stop.

    years: int (films,). The paper has 2021 and 2023. Raises InputError if last_training is not
    before first_test, or a part has fewer than LEAST films.
    """
    if last_training >= first_test:
        what = f"films teach up to {last_training}, and test from {first_test} on"
        raise InputError(_problem(what, "the last year of training before the first of testing"))
    teaches, tests = years <= last_training, years >= first_test
    split = Split(*(np.flatnonzero(part) for part in (teaches, ~(teaches | tests), tests)))
    found = {part: len(films) for part, films in split._asdict().items()}
    check_parts(found, f"up to {last_training}, between, and from {first_test} on")
    return split


def check_parts(films: Mapping[str, int], where: str) -> None:
    """Raise InputError if a part of the split has fewer than LEAST films.

    films: how many each has. where: what the parts are, in words.
    """
    short = [f"{number} for {part}" for part, number in films.items() if number < LEAST]
    if short:
        raise InputError(_problem(f"{where}: {', '.join(short)}", ENOUGH))


def split_by_share(years: np.ndarray, training: float, validation: float) -> Split:
    """Split by year where the years are not the paper's: a year stands or falls as a whole.

    training, validation: shares of the films, in 0..1. Of the splits that leave LEAST films in each
    part it is the one whose two cuts come nearest to the shares, by the sum of both distances.
    Raises InputError if there is none.
    """
    known, films = np.unique(years, return_counts=True)
    reached = films.cumsum()
    last, stop = np.triu_indices(max(len(known) - 1, 0), 1)  # years that end the first two parts
    upto = np.stack([reached[last], reached[stop]], axis=1)
    parts = np.diff(upto, prepend=0, append=len(years))
    away = np.abs(upto / max(len(years), 1) - (training, training + validation)).sum(axis=1)
    away[(parts < LEAST).any(axis=1)] = np.inf
    if not np.isfinite(away).any():
        what = f"{len(years)} films of {len(known)} years, and a year is never cut"
        raise InputError(_problem(what, ENOUGH))
    best = away.argmin()
    return split_by_year(years, int(known[last[best]]), int(known[stop[best] + 1]))


def _problem(what: str, expected: str) -> Problem:
    hint = (
        "set retrieval.split.last_training and first_test in the config (last_training: 0 goes by "
        "the shares training and validation), or add films of other years"
    )
    return Problem("the split of the films by year", what, expected, hint)


class Drawer:
    """Draws pairs of films and tracks from a corpus."""

    def __init__(self, corpus: Corpus) -> None:
        films = int(corpus.film[-1]) + 1
        tracks = len(corpus.film)
        self.views = {view: _extents(rows.owner, films) for view, rows in corpus.views.items()}
        self.tracks = _extents(corpus.film, films)
        self.fragments = _extents(corpus.fragments.owner, tracks)

    def epoch(
        self, films: np.ndarray, size: int, random: np.random.Generator
    ) -> Iterator[tuple[np.ndarray, Batch]]:
        """The batches of an epoch, as even as can be, each with its films.

        films: the rows to go through, two at least. size: of a batch at most, two at least; if that
        left a batch of one film, batches are larger by one.
        """
        passes = max(1, round(self.tracks[1][films].mean()))
        number = min(-(-len(films) // size), len(films) // 2)
        for _ in range(passes):
            for chosen in np.array_split(random.permutation(films), number):
                yield chosen, self._draw(chosen, random)

    def firsts(self, films: np.ndarray) -> dict[str, np.ndarray]:
        """The rows of films that count in evaluation, by view."""
        return {view: first[films] for view, (first, _) in self.views.items()}

    def _draw(self, films: np.ndarray, random: np.random.Generator) -> Batch:
        views = {view: _one_of(extents, films, random) for view, extents in self.views.items()}
        tracks = _one_of(self.tracks, films, random)
        return Batch(views, _one_of(self.fragments, tracks, random))


def _extents(owner: np.ndarray, owners: int) -> tuple[np.ndarray, np.ndarray]:
    """First row and number of rows of each owner. Raises ValueError if they are out of order."""
    counts = np.bincount(owner, minlength=owners)
    if len(counts) != owners or (counts == 0).any() or (np.diff(owner) < 0).any():
        raise ValueError("owners must rise from 0 to the last, each with a row at least")
    return counts.cumsum() - counts, counts


def _one_of(
    extents: tuple[np.ndarray, np.ndarray], owners: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    first, count = extents
    return first[owners] + random.integers(count[owners])
