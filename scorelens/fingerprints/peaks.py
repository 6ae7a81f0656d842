"""What both kinds of fingerprints share: peaks of a sound in blocks, hashes of an album."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

Peaks = tuple[np.ndarray, ...]  # frames, and one or more values of each peak


def collect_peaks(
    blocks: Iterable[np.ndarray],
    local_maxima: Callable[[np.ndarray], Peaks],
    window_samples: int,
    hop_samples: int,
    margin: int,
    dtypes: Sequence[type] = (np.uint16,),
) -> Peaks:
    """Find the spectral peaks of a sound that comes in blocks.

    Parameters
    ----------
    blocks : iterable of float32 ndarray, shape (n,) or (n, channels)
        Samples, one block after the other without a gap. The result does not depend on where the
        blocks meet.
    local_maxima : callable
        Takes samples, a window at least, and returns frames and values of the peaks, by frame.
    window_samples, hop_samples : int
        Window and hop of the spectrogram, samples.
    margin : int
        How many frames on either side decide whether a point is a peak.
    dtypes : sequence of type
        Of the values; by default of one, the bin.

    Returns
    -------
    tuple of ndarray, shape (n,)
        Time of each peak, int32, hops, ascending, and its values. Memory is bounded by the longest
        block.
    """
    dtypes = (np.int32, *dtypes)
    parts = [
        tuple(np.zeros(0, dtype) for dtype in dtypes),
        *_parts(blocks, local_maxima, window_samples, hop_samples, margin),
    ]
    columns = zip(zip(*parts, strict=True), dtypes, strict=True)
    return tuple(np.concatenate(column).astype(dtype) for column, dtype in columns)


def sort_hashes(tracks: Sequence[Peaks]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Join the hashes of the tracks of an album, sorted by value.

    Parameters
    ----------
    tracks : sequence of (ndarray, ndarray)
        Of each track the hashes, and the frame of each.

    Returns
    -------
    hashes : ndarray of uint32, shape (n,)
        Ascending; those that are equal in the order of tracks and frames.
    numbers : ndarray of uint16, shape (n,)
        Position of the track that holds each hash.
    frames : ndarray of int32, shape (n,)
        Frame of each hash.
    """
    hashes = np.concatenate([hashes for hashes, _ in tracks])
    order = np.argsort(hashes, kind="stable")
    numbers = np.repeat(np.arange(len(tracks), dtype=np.uint16), [len(h) for h, _ in tracks])
    frames = np.concatenate([frames for _, frames in tracks])
    return hashes[order], numbers[order], frames[order]


def _parts(blocks, local_maxima, window_samples, hop_samples, margin) -> Iterator[Peaks]:
    """Peaks of each block, held back until the frames after them are there."""
    pending = None
    first, begin = 0, 0  # frame that `pending` starts with, and first frame not searched yet
    for block in blocks:
        pending = block if pending is None else np.concatenate([pending, block])
        count = (len(pending) - window_samples) // hop_samples + 1
        if count <= 2 * margin:
            continue
        end = first + count - margin
        yield _between(local_maxima(pending), first, begin, end)
        first, begin = end - margin, end
        pending = pending[(count - 2 * margin) * hop_samples :]
    if pending is not None and len(pending) >= window_samples:
        yield _between(local_maxima(pending), first, begin, np.inf)


def _between(peaks: Peaks, first: int, low: float, high: float) -> Peaks:
    """Peaks in the frames low .. high - 1 of a sound, in a part of it that starts with `first`."""
    frames = peaks[0] + first
    inside = (frames >= low) & (frames < high)
    return frames[inside], *(values[inside] for values in peaks[1:])
