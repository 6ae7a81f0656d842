"""Cut parts out of a sound that is decoded once, and the whole seconds that lie in a part."""

import os
from collections.abc import Iterator

import numpy as np

from scorelens.media import sound

SHORTFALL_S = 0.1  # less than this is rounding of durations, not a part that outlasts its sound


def cut_sound(
    parts: list[tuple[float, float, object]],
    source: sound.Sound | str | os.PathLike | None,
    rate_hz: int,
) -> Iterator[tuple[object, np.ndarray]]:
    """Cut parts out of a sound, decoded once and no further than needed, in bounded memory.

    Parameters
    ----------
    parts : list of tuple
        Start and end of each part in s, and a label.
    source : Sound or path or None
        The sound; None only without parts.
    rate_hz : int
        Sampling rate of the result, Hz.

    Yields
    ------
    label : object
        Of the part, in the order of their ends.
    samples : ndarray of float32, shape (n,)
        Fewer than asked for if the sound ends before the part.

    Raises
    ------
    MediaError
        If the sound does not decode.
    """
    waiting = sorted(parts, key=lambda part: part[1])
    held, held_from = np.zeros(0, np.float32), 0
    for block in sound.audio_blocks(source, rate_hz) if waiting else ():
        held = np.concatenate([held, block])
        decoded = held_from + len(held)
        while waiting and round(waiting[0][1] * rate_hz) <= decoded:
            yield _cut(held, held_from, waiting.pop(0), rate_hz)
        if not waiting:
            return
        needed = round(min(start_s for start_s, *_ in waiting) * rate_hz)
        passed = min(max(needed - held_from, 0), len(held))
        held, held_from = held[passed:], held_from + passed
    for part in waiting:
        yield _cut(held, held_from, part, rate_hz)


def whole_seconds(start_s: float, end_s: float) -> np.ndarray:
    """Give the whole seconds t whose middle, t + 0.5 s, lies in a part of a film or track.

    Parameters
    ----------
    start_s, end_s : float
        Start and end of the part, s.

    Returns
    -------
    ndarray of float64, shape (m,)
        Ascending, s. One at least: if no middle lies in the part, the second that holds the middle
        of the part.

    Examples
    --------
    >>> whole_seconds(0.6, 2.6).tolist(), whole_seconds(7.0, 7.4).tolist()
    ([1.0, 2.0], [7.0])
    """
    seconds = np.arange(np.ceil(start_s - 0.5), np.ceil(end_s - 0.5))
    return seconds if len(seconds) else np.array([np.floor((start_s + end_s) / 2)])


def _cut(held: np.ndarray, held_from: int, part, rate_hz: int) -> tuple[object, np.ndarray]:
    first, last = (max(0, round(time_s * rate_hz) - held_from) for time_s in part[:2])
    return part[2], held[first:last]
