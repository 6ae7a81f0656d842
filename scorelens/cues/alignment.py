"""From matching hashes to evidence: how well each line of film against track explains a film.

A line is one track at one diagonal, film frame minus track frame, which may drift where the film
runs a little faster or slower than the track. All that a cue matches lies on its line; chance
matches are strewn over all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scorelens.fingerprints import Index, hash_span, spans

STEP_S = 1.0  # the evidence is added up by the second
SEARCH_S = 20.0  # lines are looked for in windows of this length, half overlapping
SEARCH_BEST = 10  # the most lines that a window may put forward
SEARCH_NATS = 15.0  # the least evidence for it
GATHER_S = 5.0  # so long a drifting line is taken to keep its diagonal
TOLERANCE = 1  # a peak moves by a frame as noise is added to it
SWAY = 3  # frames about a line in which its slope shows
CHAIN_S = 60.0  # windows so near to another show whether its line drifts
STEEPEST = 0.003  # a track that drifts more from its film shares too few hashes with it
LINES_BLOCK = 256  # lines laid out second by second at once, to bound the memory
SHIFT = 22  # bits of a line's number that hold the diagonal
ORIGIN = 1 << 21  # of the diagonals, which may be negative


@dataclass(frozen=True)
class Sound:
    """The hashes of a film in order of time. hashes: uint32 (n,), frames: int32 (n,)."""

    hashes: np.ndarray
    frames: np.ndarray


@dataclass(frozen=True)
class Lines:
    """Lines of film against track.

    track: int64 (k,), places in the index. diagonal: float64 (k,), film frame minus track frame
    at the film's start. slope: float64 (k,), frames that the diagonal gains in a frame of film.
    """

    track: np.ndarray
    diagonal: np.ndarray
    slope: np.ndarray

    def numbers(self, frame: float) -> np.ndarray:
        """The lines as single numbers, int64, at a frame of the film."""
        diagonal = np.rint(self.diagonal + self.slope * frame).astype(np.int64)
        return (self.track << SHIFT) + diagonal + ORIGIN

    def only(self, kept: np.ndarray) -> "Lines":
        return Lines(self.track[kept], self.diagonal[kept], self.slope[kept])


@dataclass(frozen=True)
class Matches:
    """Hashes that film and album share, one entry a match.

    line: int64, the line's number, or its place in a list of lines. diagonal: int32, frames.
    start, end: int32, film frames of the two landmarks. nats: float32, evidence of the match.
    """

    line: np.ndarray
    diagonal: np.ndarray
    start: np.ndarray
    end: np.ndarray
    nats: np.ndarray

    def only(self, kept: np.ndarray) -> "Matches":
        return Matches(*(column[kept] for column in self.columns))

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        return self.line, self.diagonal, self.start, self.end, self.nats


@dataclass(frozen=True)
class Found:
    """Lines that stand out in a window. All of shape (n,).

    line: int64, its number. nats: float64, evidence. frame: float64, film frame at the middle of
    its matches. diagonal: float64, there. slope: float64, by regression. spread: float64, how far
    the matches lie apart, nats frames^2; the slope's precision grows with it.
    """

    line: np.ndarray
    nats: np.ndarray
    frame: np.ndarray
    diagonal: np.ndarray
    slope: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True)
class Evidence:
    """What speaks for each line, second by second.

    nats: float32 (k, seconds), log likelihood ratio of "this line plays" to "no music of the album
    plays". matches: those on the lines, `line` 0..k-1. chance: float64 (seconds,), matches that a
    line gets by chance.
    """

    lines: Lines
    nats: np.ndarray
    matches: Matches
    chance: np.ndarray


def step_of(frames: np.ndarray, index: Index) -> np.ndarray:
    """The second of the film that each frame falls in, int64."""
    return (frames * (index.settings.hop_s / STEP_S)).astype(np.int64)


def search_lines(sound: Sound, index: Index, share: float) -> list[Found]:
    """The lines that stand out in each window of the film, the strongest first in each."""
    found = []
    for part in windows(sound, index, SEARCH_S, SEARCH_S / 2):
        matches, _ = match_hashes(part, index, share)
        found.append(_describe(matches, *_strongest(matches)))
    return found


def choose_lines(found: list[Found], index: Index, drift: float) -> Lines:
    """The lines that were found, each once, where it was strongest.

    drift: the slope that a line has unless it moves by a frame against it.
    """
    if not found:
        return Lines(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    every = Found(*(np.concatenate(column) for column in zip(*map(_fields, found), strict=True)))
    lines = Lines(every.line >> SHIFT, every.diagonal.copy(), np.full(len(every.line), drift))
    taken: list[int] = []
    for place in np.lexsort((every.line, -every.nats)).tolist():
        known = lines.only(np.array(taken, np.int64))
        gap = known.diagonal + known.slope * every.frame[place] - every.diagonal[place]
        if not ((known.track == lines.track[place]) & (np.abs(gap) <= 2 * TOLERANCE)).any():
            lines.slope[place] = _own_slope(every, index, place, drift)
            lines.diagonal[place] -= lines.slope[place] * every.frame[place]
            taken.append(place)
    return lines.only(np.sort(np.array(taken, np.int64)))


def gather_evidence(
    sound: Sound, index: Index, lines: Lines, share: float, ceiling: float, least: float
) -> Evidence:
    """The evidence of every line that may hold a cue.

    share: share of the film's hashes that a playing track explains, 0..1. ceiling: the most
    evidence that one second gives, nats. least: a line whose best stretch has no more than that is
    left out, nats; the best path never takes it if that is the price of a cue.
    """
    seconds = step_of(sound.frames[-1:], index).max(initial=-1) + 1
    cost = share * np.bincount(step_of(sound.frames, index), minlength=seconds)
    matches, chance = _gather_matches(sound, index, share, lines, seconds)
    kept = np.zeros(len(lines.track), bool)
    nats, filled = np.empty((len(kept), seconds), np.float32), 0  # untouched rows take no memory
    for first in range(0, len(kept), LINES_BLOCK):
        block = slice(first, first + LINES_BLOCK)
        gain = _sum_by_second(matches, block, index, seconds)[: len(kept) - first]
        rows = (np.minimum(gain, ceiling) - cost).astype(np.float32)
        kept[block] = best_stretch(rows) > least
        found = rows[kept[block]]
        nats[filled : filled + len(found)] = found
        filled += len(found)
    return Evidence(lines.only(kept), nats[:filled], _renumber(matches, kept), chance)


def best_stretch(nats: np.ndarray) -> np.ndarray:
    """The largest sum of consecutive entries of each row, (k, n) -> (k,); 0 if none is positive."""
    sums = np.cumsum(np.pad(nats.astype(np.float64), ((0, 0), (1, 0))), axis=1)
    return (sums - np.minimum.accumulate(sums, axis=1)).max(axis=1, initial=0)


def match_hashes(sound: Sound, index: Index, share: float) -> tuple[Matches, np.ndarray]:
    """Every match of the sound's hashes in the album, and how many each hash has there, int64.

    A hash with `c` of the album's `n` entries weighs log(share * n / c) nats: how much oftener it
    is met if `share` of the film's hashes are the track's than by drawing from the album. Hashes
    that weigh nothing, the commonest, are passed over. Neighbouring pairs share landmarks, so this
    is on purpose less than independent pairs would weigh.
    """
    low = np.searchsorted(index.hashes, sound.hashes)
    counts = np.searchsorted(index.hashes, sound.hashes, side="right") - low
    nats = np.log(share * max(1, len(index.hashes)) / np.maximum(counts, 1))
    counts[nats <= 0] = 0
    entry = spans(low, counts)
    start = np.repeat(sound.frames, counts)
    diagonal = start - index.frames[entry]
    line = (index.tracks[entry].astype(np.int64) << SHIFT) + diagonal + ORIGIN
    end = start + hash_span(index.hashes[entry])
    return Matches(line, diagonal, start, end, np.repeat(nats, counts).astype(np.float32)), counts


def windows(sound: Sound, index: Index, length_s: float, hop_s: float) -> Iterator[Sound]:
    """The sound in windows of `length_s` that start `hop_s` apart."""
    stop = sound.frames[-1:].max(initial=-1) + 1
    starts = np.arange(0, stop, hop_s / index.settings.hop_s)
    low = np.searchsorted(sound.frames, starts)
    high = np.searchsorted(sound.frames, starts + length_s / index.settings.hop_s)
    for a, b in zip(low, high, strict=True):
        yield Sound(sound.hashes[a:b], sound.frames[a:b])


def _strongest(matches: Matches) -> tuple[np.ndarray, np.ndarray]:
    """The lines with the most evidence, and how much it is, counting the diagonals beside them."""
    lines, place = np.unique(matches.line, return_inverse=True)
    sums = np.concatenate([[0.0], np.cumsum(np.bincount(place, matches.nats, len(lines)))])
    total = sums[np.searchsorted(lines, lines + TOLERANCE, side="right")]
    total -= sums[np.searchsorted(lines, lines - TOLERANCE)]
    best = np.argsort(-total, kind="stable")[:SEARCH_BEST]
    best = best[total[best] >= SEARCH_NATS]
    return lines[best], total[best]


def _own_slope(every: Found, index: Index, place: int, drift: float) -> float:
    """The slope along the windows about one in which the same line was found."""
    apart = every.frame - every.frame[place]
    gap = every.diagonal - every.diagonal[place] - drift * apart
    near = (every.line >> SHIFT == every.line[place] >> SHIFT) & (np.abs(gap) <= SWAY)
    near &= np.abs(apart) <= CHAIN_S / 2 / index.settings.hop_s
    weight = every.nats[near]
    apart, gap = apart[near] - np.average(apart[near], weights=weight), gap[near]
    own = (weight * apart * gap).sum() / max(1.0, (weight * apart**2).sum())
    real = abs(own) <= STEEPEST and abs(own) * np.ptp(apart) > TOLERANCE
    return drift + own if real else drift


def _describe(matches: Matches, lines: np.ndarray, nats: np.ndarray) -> Found:
    """The middle and the slope of each line, by weighted regression of its matches."""
    rows = np.array([_regress(matches, line) for line in lines]).reshape(-1, 4)
    return Found(lines, nats, *rows.T)


def _regress(matches: Matches, line: int) -> tuple[float, float, float, float]:
    near = np.abs(matches.line - line) <= SWAY
    start, nats = matches.start[near].astype(np.float64), matches.nats[near]
    sway = (matches.line[near] - line).astype(np.float64)
    frame, middle = np.average(start, weights=nats), np.average(sway, weights=nats)
    spread = (nats * (start - frame) ** 2).sum()
    slope = (nats * (start - frame) * (sway - middle)).sum() / max(spread, 1.0)
    return frame, (line & ((1 << SHIFT) - 1)) - ORIGIN + middle, slope, spread


def _gather_matches(
    sound: Sound, index: Index, share: float, lines: Lines, seconds: int
) -> tuple[Matches, np.ndarray]:
    """The matches on the given lines, line by line, and how many a line gets by chance a second."""
    parts, chance = [], np.zeros(seconds)
    positions = max(1.0, index.durations_s.sum() / index.settings.hop_s)
    half = GATHER_S / index.settings.hop_s / 2
    for place, part in enumerate(windows(sound, index, GATHER_S, GATHER_S)):
        matches, counts = match_hashes(part, index, share)
        chance += np.bincount(step_of(part.frames, index), counts, seconds)
        parts.append(_nearest(matches, lines.numbers((2 * place + 1) * half)))
    columns = zip(*(part.columns for part in [_none(), *parts]), strict=True)
    joined = Matches(*map(np.concatenate, columns))
    order = np.argsort(joined.line, kind="stable")
    return joined.only(order), chance * (2 * TOLERANCE + 1) / positions


def _sum_by_second(matches: Matches, block: slice, index: Index, seconds: int) -> np.ndarray:
    """The evidence on a block of lines, float64 (block, seconds)."""
    low, high = np.searchsorted(matches.line, [block.start, block.stop])
    row = matches.line[low:high] - block.start
    cell = row * seconds + step_of(matches.start[low:high], index)
    shape = block.stop - block.start, seconds
    return np.bincount(cell, matches.nats[low:high], shape[0] * shape[1]).reshape(shape)


def _nearest(matches: Matches, numbers: np.ndarray) -> Matches:
    """The matches within the tolerance of a line, with the line's place in the list."""
    if not len(numbers):
        return _none()
    order = np.argsort(numbers, kind="stable")
    place = np.searchsorted(numbers[order], matches.line - TOLERANCE)
    place = order[np.minimum(place, len(numbers) - 1)]
    kept = np.abs(numbers[place] - matches.line) <= TOLERANCE
    return Matches(place[kept], *(column[kept] for column in matches.columns[1:]))


def _renumber(matches: Matches, kept: np.ndarray) -> Matches:
    """The matches of the lines that are kept, with their new places."""
    chosen = matches.only(kept[matches.line])
    return Matches(np.cumsum(kept)[chosen.line] - 1, *chosen.columns[1:])


def _fields(found: Found) -> tuple[np.ndarray, ...]:
    return found.line, found.nats, found.frame, found.diagonal, found.slope, found.spread


def _none() -> Matches:
    kinds = np.int64, np.int32, np.int32, np.int32, np.float32
    return Matches(*(np.zeros(0, kind) for kind in kinds))
