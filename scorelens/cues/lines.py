"""From matching hashes to evidence: how well each line of film against track explains a film.

A line is one track at one diagonal, film frame minus track frame. All that a cue matches lies on
its line; chance matches are strewn over all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scorelens.fingerprints import Index, hash_span, spans

STEP_S = 1.0  # the evidence is added up by the second
SEARCH_S = 20.0  # lines are looked for in windows of this length, half overlapping
SEARCH_BEST = 10  # the most lines that a window may put forward
SEARCH_NATS = 15.0  # the least evidence for it
TOLERANCE = 1  # a peak moves by a frame as noise is added to it
LINES_BLOCK = 256  # lines laid out second by second at once, to bound the memory
SHIFT = 22  # bits of a line's number that hold the diagonal
ORIGIN = 1 << 21  # of the diagonals, which may be negative


@dataclass(frozen=True)
class Sound:
    """The hashes of a film in order of time. hashes: uint32 (n,), frames: int32 (n,)."""

    hashes: np.ndarray
    frames: np.ndarray


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


@dataclass(frozen=True)
class Evidence:
    """What speaks for each line, second by second.

    lines: int64 (k,), numbers of the lines. nats: float32 (k, seconds), log likelihood ratio of
    "this line plays" to "no music of the album plays". matches: those on the lines, `line` 0..k-1.
    chance: float64 (seconds,), matches that a line gets by chance.
    """

    lines: np.ndarray
    nats: np.ndarray
    matches: Matches
    chance: np.ndarray


def track_of(line: np.ndarray) -> np.ndarray:
    """The place of a line's track in the index."""
    return line >> SHIFT


def step_of(frames: np.ndarray, index: Index) -> np.ndarray:
    """The second of the film that each frame falls in, int64."""
    return (frames * (index.settings.hop_s / STEP_S)).astype(np.int64)


def gather_evidence(
    sound: Sound, index: Index, share: float, ceiling: float, least: float
) -> Evidence:
    """The evidence of every line that may hold a cue.

    share: share of the film's hashes that a playing track explains, 0..1. ceiling: the most
    evidence that one second gives, nats. least: a line whose best stretch has no more than that is
    left out, nats; the best path never takes it if that is the price of a cue.
    """
    seconds = step_of(sound.frames[-1:], index).max(initial=-1) + 1
    cost = share * np.bincount(step_of(sound.frames, index), minlength=seconds)
    lines = _find_lines(sound, index, share)
    matches, chance = _gather_matches(sound, index, share, lines, seconds)
    nats, kept = [np.zeros((0, seconds), np.float32)], np.zeros(len(lines), bool)
    for first in range(0, len(lines), LINES_BLOCK):
        block = slice(first, first + LINES_BLOCK)
        gain = _sum_by_second(matches, block, index, seconds)[: len(lines) - first]
        rows = (np.minimum(gain, ceiling) - cost).astype(np.float32)
        kept[block] = best_stretch(rows) > least
        nats.append(rows[kept[block]])
    return Evidence(lines[kept], np.concatenate(nats), _only(matches, kept), chance)


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


def _find_lines(sound: Sound, index: Index, share: float) -> np.ndarray:
    """Numbers of the lines that stand out in some window, ascending, none in reach of another."""
    best: dict[int, float] = {}
    for part in _windows(sound, index, SEARCH_S, SEARCH_S / 2):
        matches, _ = match_hashes(part, index, share)
        for line, nats in zip(*_strongest(matches), strict=True):
            best[line] = max(best.get(line, 0.0), nats)
    lines, taken = [], set()
    for line in sorted(best, key=lambda line: (-best[line], line)):
        if line not in taken:
            lines.append(line)
            taken.update(range(line - 2 * TOLERANCE, line + 2 * TOLERANCE + 1))
    return np.array(sorted(lines), np.int64)


def _strongest(matches: Matches) -> tuple[list[int], list[float]]:
    """The lines with the most evidence, and how much it is, counting the diagonals beside them."""
    lines, place = np.unique(matches.line, return_inverse=True)
    sums = np.concatenate([[0.0], np.cumsum(np.bincount(place, matches.nats, len(lines)))])
    total = sums[np.searchsorted(lines, lines + TOLERANCE, side="right")]
    total -= sums[np.searchsorted(lines, lines - TOLERANCE)]
    best = np.argsort(-total, kind="stable")[:SEARCH_BEST]
    best = best[total[best] >= SEARCH_NATS]
    return lines[best].tolist(), total[best].tolist()


def _gather_matches(
    sound: Sound, index: Index, share: float, lines: np.ndarray, seconds: int
) -> tuple[Matches, np.ndarray]:
    """The matches on the given lines, line by line, and how many a line gets by chance a second."""
    parts, chance = [], np.zeros(seconds)
    positions = max(1.0, index.durations_s.sum() / index.settings.hop_s)
    for part in _windows(sound, index, SEARCH_S, SEARCH_S):
        matches, counts = match_hashes(part, index, share)
        chance += np.bincount(step_of(part.frames, index), counts, seconds)
        parts.append(_nearest(matches, lines))
    joined = [
        np.concatenate(column) for column in zip(*map(_columns, [_none(), *parts]), strict=True)
    ]
    order = np.argsort(joined[0], kind="stable")
    return Matches(*(column[order] for column in joined)), chance * (2 * TOLERANCE + 1) / positions


def _sum_by_second(matches: Matches, block: slice, index: Index, seconds: int) -> np.ndarray:
    """The evidence on a block of lines, float64 (block, seconds)."""
    low, high = np.searchsorted(matches.line, [block.start, block.stop])
    row = matches.line[low:high] - block.start
    cell = row * seconds + step_of(matches.start[low:high], index)
    shape = block.stop - block.start, seconds
    return np.bincount(cell, matches.nats[low:high], shape[0] * shape[1]).reshape(shape)


def _nearest(matches: Matches, lines: np.ndarray) -> Matches:
    """The matches within the tolerance of one of the lines, with the line's place in the list."""
    if not len(lines):
        return _none()
    place = np.searchsorted(lines, matches.line - TOLERANCE)
    place = np.minimum(place, len(lines) - 1)
    kept = np.abs(lines[place] - matches.line) <= TOLERANCE
    return Matches(place[kept], *(column[kept] for column in _columns(matches)[1:]))


def _only(matches: Matches, kept: np.ndarray) -> Matches:
    """The matches of the lines that are kept, renumbered."""
    chosen = kept[matches.line]
    renumbered = np.cumsum(kept)[matches.line[chosen]] - 1
    return Matches(renumbered, *(column[chosen] for column in _columns(matches)[1:]))


def _windows(sound: Sound, index: Index, length_s: float, hop_s: float) -> Iterator[Sound]:
    """The sound in windows of `length_s` that start `hop_s` apart."""
    stop = sound.frames[-1:].max(initial=-1) + 1
    starts = np.arange(0, stop, hop_s / index.settings.hop_s)
    low = np.searchsorted(sound.frames, starts)
    high = np.searchsorted(sound.frames, starts + length_s / index.settings.hop_s)
    for a, b in zip(low, high, strict=True):
        yield Sound(sound.hashes[a:b], sound.frames[a:b])


def _columns(matches: Matches) -> tuple[np.ndarray, ...]:
    return matches.line, matches.diagonal, matches.start, matches.end, matches.nats


def _none() -> Matches:
    kinds = np.int64, np.int32, np.int32, np.int32, np.float32
    return Matches(*(np.zeros(0, kind) for kind in kinds))
