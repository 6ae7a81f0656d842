"""Split the films by year, and sample batches of film-track pairs for training.

A batch holds each film at most once, so every other track of the batch is a negative of the film.
An epoch goes through the films as often as a film has tracks on average. Each time a film is paired
with one of its tracks at random; the fragment of the track and the image and text of the film are
random too.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from scorelens.errors import InputError, Problem

MIN_FILMS = 2  # in each part of the split: a single film has no negatives
ENOUGH_FILMS = "at least two films in each part"


class Rows(NamedTuple):
    """Vectors or spectrograms, and the film or track that owns each.

    Attributes
    ----------
    values : numpy.ndarray
        float16 or float32 (rows, ...); may be a memory map.
    owner : numpy.ndarray
        int (rows,), owner of each row, rising from 0 without gaps. Evaluation uses the first row of
        an owner.
    """

    values: np.ndarray
    owner: np.ndarray


class PairDataset(NamedTuple):
    """The inputs that one configuration has of films, and their tracks.

    Attributes
    ----------
    views : mapping of str to Rows
        Vectors of films: `image`, `text` or both.
    fragments : Rows
        Fragments of tracks: vectors (rows, size) or log-mel (rows, BANDS, FRAMES).
    film : numpy.ndarray
        int (tracks,), film of each track, rising from 0 without gaps.
    """

    views: Mapping[str, Rows]
    fragments: Rows
    film: np.ndarray


class Split(NamedTuple):
    """Training, validation and test films: row numbers of films, int (n,), rising."""

    training: np.ndarray
    validation: np.ndarray
    test: np.ndarray


class Batch(NamedTuple):
    """Pairs of a film and one of its tracks, as row numbers.

    Attributes
    ----------
    views : dict of str to numpy.ndarray
        int (pairs,), row of each film in each view.
    fragments : numpy.ndarray
        int (pairs,), row of the fragment.
    """

    views: dict[str, np.ndarray]
    fragments: np.ndarray


def split_by_year(years: np.ndarray, last_training: int, first_test: int) -> Split:
    """Split films by year: up to one year for training, from another on for test.

    The films between the two years are for validation. The paper has 2021 and 2023.

    Parameters
    ----------
    years : numpy.ndarray
        int (films,), year of each film.
    last_training : int
        Last year of the training films.
    first_test : int
        First year of the test films.

    Returns
    -------
    Split
        The three parts.

    Raises
    ------
    InputError
        If `last_training` is not before `first_test`, or a part has fewer than MIN_FILMS films.

    Examples
    --------
    >>> [part.tolist() for part in split_by_year(np.repeat([2020, 2022, 2024], 2), 2021, 2023)]
    [[0, 1], [2, 3], [4, 5]]
    """
    if last_training >= first_test:
        what = f"training films go up to {last_training}, test films start at {first_test}"
        raise InputError(_problem(what, "the last year of training before the first year of test"))
    is_training, is_test = years <= last_training, years >= first_test
    masks = (is_training, ~(is_training | is_test), is_test)
    split = Split(*map(np.flatnonzero, masks))
    counts = {part: len(films) for part, films in split._asdict().items()}
    check_part_sizes(counts, f"up to {last_training}, between, and from {first_test} on")
    return split


def check_part_sizes(films: Mapping[str, int], where: str) -> None:
    """Check that each part of a split has enough films.

    Parameters
    ----------
    films : mapping of str to int
        Number of films of each part.
    where : str
        Description of the parts for the message.

    Raises
    ------
    InputError
        If a part has fewer than MIN_FILMS films.
    """
    short = [f"{number} for {part}" for part, number in films.items() if number < MIN_FILMS]
    if short:
        raise InputError(_problem(f"{where}: {', '.join(short)}", ENOUGH_FILMS))


def split_by_share(years: np.ndarray, training: float, validation: float) -> Split:
    """Split films by year so that the parts come near to given shares.

    Films of one year stay together. Of the splits with at least MIN_FILMS films in each part, the
    one is taken whose two cuts come nearest to the shares, by the sum of both distances.

    Parameters
    ----------
    years : numpy.ndarray
        int (films,), year of each film.
    training, validation : float
        Shares of the films, in 0..1.

    Returns
    -------
    Split
        The three parts, in order of the years.

    Raises
    ------
    InputError
        If no split has enough films in each part.
    """
    distinct, counts = np.unique(years, return_counts=True)
    cumulative = counts.cumsum()
    last, stop = np.triu_indices(max(len(distinct) - 1, 0), 1)  # last years of the first two parts
    ends = np.stack([cumulative[last], cumulative[stop]], axis=1)
    sizes = np.diff(ends, prepend=0, append=len(years))
    distance = np.abs(ends / max(len(years), 1) - (training, training + validation)).sum(axis=1)
    distance[(sizes < MIN_FILMS).any(axis=1)] = np.inf
    if not np.isfinite(distance).any():
        what = f"{len(years)} films of {len(distinct)} years, and films of a year stay together"
        raise InputError(_problem(what, ENOUGH_FILMS))
    best = distance.argmin()
    return split_by_year(years, int(distinct[last[best]]), int(distinct[stop[best] + 1]))


def _problem(what: str, expected: str) -> Problem:
    hint = (
        "set retrieval.split.last_training and first_test in the config (last_training: 0 goes by "
        "the shares training and validation), or add films of other years"
    )
    return Problem("the split of the films by year", what, expected, hint)


class PairSampler:
    """Samples batches of film-track pairs.

    Parameters
    ----------
    pairs : PairDataset
        Films and tracks.

    Raises
    ------
    ValueError
        If a film or a track has no row, or owners are out of order.
    """

    def __init__(self, pairs: PairDataset) -> None:
        films = int(pairs.film[-1]) + 1
        self.views = {view: _row_ranges(rows.owner, films) for view, rows in pairs.views.items()}
        self.tracks = _row_ranges(pairs.film, films)
        self.fragments = _row_ranges(pairs.fragments.owner, len(pairs.film))

    def epoch(
        self, films: np.ndarray, size: int, rng: np.random.Generator
    ) -> Iterator[tuple[np.ndarray, Batch]]:
        """Sample the batches of an epoch, as even in size as possible.

        Parameters
        ----------
        films : numpy.ndarray
            int (n,), films of the epoch; at least two.
        size : int
            Maximum pairs of a batch; at least two. Batches are larger by one if a batch of a
            single film would remain.
        rng : numpy.random.Generator
            Source of the order and the pairs.

        Yields
        ------
        films : numpy.ndarray
            Films of the batch.
        batch : Batch
            Their pairs.
        """
        passes = max(1, round(self.tracks[1][films].mean()))
        number = min(-(-len(films) // size), len(films) // 2)
        for _ in range(passes):
            for chosen in np.array_split(rng.permutation(films), number):
                yield chosen, self._sample(chosen, rng)

    def first_rows(self, films: np.ndarray) -> dict[str, np.ndarray]:
        """Rows of films that evaluation uses.

        Parameters
        ----------
        films : numpy.ndarray
            int (n,), films.

        Returns
        -------
        dict of str to numpy.ndarray
            int (n,), first row of each film in each view.
        """
        return {view: first[films] for view, (first, _) in self.views.items()}

    def _sample(self, films: np.ndarray, rng: np.random.Generator) -> Batch:
        views = {view: _random_rows(ranges, films, rng) for view, ranges in self.views.items()}
        tracks = _random_rows(self.tracks, films, rng)
        return Batch(views, _random_rows(self.fragments, tracks, rng))


def _row_ranges(owner: np.ndarray, owners: int) -> tuple[np.ndarray, np.ndarray]:
    """First row and number of rows of each owner."""
    counts = np.bincount(owner, minlength=owners)
    if len(counts) != owners or (counts == 0).any() or (np.diff(owner) < 0).any():
        raise ValueError("owners must rise from 0 to the last without gaps")
    return counts.cumsum() - counts, counts


def _random_rows(
    ranges: tuple[np.ndarray, np.ndarray], owners: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    first, count = ranges
    return first[owners] + rng.integers(count[owners])
