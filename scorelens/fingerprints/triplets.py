"""Hash landmarks by threes, so that neither the pitch nor the tempo of the music counts.

A triplet is three strong landmarks that follow one another. Its hash holds the two intervals and
how the second divides the time between the first and the third: music that is transposed, stretched
or played at another speed has the same. The pitch itself and the span are kept beside it, as their
ratios to those of a match say how much higher and faster the music plays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scorelens.fingerprints.landmarks import Landmarks, concatenate_ranges

STEPS_PER_OCTAVE = 48  # of intervals and pitch
MAX_OCTAVES = 1.0  # between landmarks of a triplet that follow one another
NEAREST_FRAMES, FARTHEST_FRAMES = 4, 60  # between landmarks of a triplet
DIVISIONS = 16  # of the time between the first and the third landmark
LOWEST_OCTAVE = 4.3  # below it, 109 Hz, a bin is wider than a step
PITCH_STEPS = 512  # more than there are from the lowest octave to the highest


@dataclass(frozen=True)
class Triplets:
    """Triplets of landmarks of one sound, in order of time.

    Parameters
    ----------
    hashes : ndarray of int64, shape (n,)
        The two intervals and the division of time.
    frames : ndarray of int32, shape (n,)
        Time of the first landmark, hops.
    spans : ndarray of int32, shape (n,)
        Time from the first to the third landmark, hops.
    octaves : ndarray of float32, shape (n,)
        Mean pitch of the three, octaves.
    """

    hashes: np.ndarray
    frames: np.ndarray
    spans: np.ndarray
    octaves: np.ndarray

    def select(self, chosen: np.ndarray) -> "Triplets":
        return Triplets(
            self.hashes[chosen], self.frames[chosen], self.spans[chosen], self.octaves[chosen]
        )


@dataclass(frozen=True)
class TripletIndex:
    """Triplets of the tracks of an album, sorted by hash and pitch.

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)
        `triplet_keys`, ascending.
    tracks : ndarray of uint16, shape (n,)
        Position of the track that holds each triplet.
    triplets : Triplets
        In the same order.
    thinning : int
        Only triplets whose hash this divides are in the index.
    """

    keys: np.ndarray
    tracks: np.ndarray
    triplets: Triplets
    thinning: int


def make_triplets(landmarks: Landmarks, thinning: int = 1) -> Triplets:
    """Make all triplets of the strong landmarks of a sound.

    Parameters
    ----------
    landmarks : Landmarks
        Of the sound.
    thinning : int
        Only triplets whose hash this divides are returned. They are the same in film and album.

    Returns
    -------
    Triplets

    References
    ----------
    Six and Leman, Panako: a scalable acoustic fingerprinting system handling time-scale and pitch
    modification, ISMIR 2014: ratios of time and intervals of log-frequency.
    """
    usable = landmarks.select(landmarks.is_strong)
    usable = usable.select(usable.octaves > LOWEST_OCTAVE)
    frames, octaves = usable.frames, usable.octaves.astype(np.float32)
    first, second, third = _threes(frames, octaves)
    hashes = _hash(frames, octaves, first, second, third)
    if thinning > 1:
        kept = np.flatnonzero(_is_kept(hashes, thinning))
        hashes, first, second, third = hashes[kept], first[kept], second[kept], third[kept]
    mean = (octaves[first] + octaves[second] + octaves[third]) / 3
    return Triplets(hashes, frames[first], frames[third] - frames[first], mean)


def join_triplets(parts: Sequence[Triplets]) -> Triplets:
    """Join the triplets of the channels of a sound, in order of time.

    Parameters
    ----------
    parts : sequence of Triplets
        One or more.

    Returns
    -------
    Triplets
    """
    columns = zip(*((t.hashes, t.frames, t.spans, t.octaves) for t in parts), strict=True)
    joined = Triplets(*(np.concatenate(column) for column in columns))
    return joined.select(np.argsort(joined.frames, kind="stable"))


def index_triplets(tracks: Sequence[Sequence[Landmarks]], max_entries: int) -> TripletIndex:
    """Sort the triplets of an album.

    Parameters
    ----------
    tracks : sequence of sequence of Landmarks
        The landmarks of each track, channel by channel.
    max_entries : int
        An album with more is thinned.

    Returns
    -------
    TripletIndex
    """
    thinning, total = 1, 0
    per_track: list[Triplets] = []
    for channel in (channel for channels in tracks for channel in channels):
        per_track.append(make_triplets(channel, thinning))
        total += len(per_track[-1].hashes)
        while total > max_entries:  # thinned as it grows, so that memory is bounded
            thinning *= 2
            per_track = [one.select(_is_kept(one.hashes, thinning)) for one in per_track]
            total = sum(len(one.hashes) for one in per_track)
    owners = [number for number, channels in enumerate(tracks) for _ in channels]
    lengths = [len(one.hashes) for one in per_track]
    columns = zip(*((t.hashes, t.frames, t.spans, t.octaves) for t in per_track), strict=True)
    joined = Triplets(*(np.concatenate(column) for column in columns))
    keys = triplet_keys(joined.hashes, joined.octaves)
    order = np.argsort(keys, kind="stable")
    tracks_of = np.repeat(np.array(owners, np.uint16), lengths)
    return TripletIndex(keys[order], tracks_of[order], joined.select(order), thinning)


def triplet_keys(hashes: np.ndarray, octaves: np.ndarray) -> np.ndarray:
    """Hash and pitch in one number, so that those of a range of pitch follow one another.

    Parameters
    ----------
    hashes : ndarray of int64, shape (n,)
        As `make_triplets` makes them.
    octaves : ndarray of float, shape (n,)
        Pitch.

    Returns
    -------
    ndarray of int64, shape (n,)

    Examples
    --------
    >>> triplet_keys(np.array([3]), np.array([5.0])).tolist()
    [1570]
    """
    steps = np.rint((octaves - LOWEST_OCTAVE) * STEPS_PER_OCTAVE).astype(np.int64)
    return hashes * PITCH_STEPS + np.clip(steps, 0, PITCH_STEPS - 1)


def _threes(frames: np.ndarray, octaves: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions of the first, second and third landmark of every triplet."""
    nearest = np.searchsorted(frames, frames + NEAREST_FRAMES)
    counts = np.searchsorted(frames, frames + FARTHEST_FRAMES, side="right") - nearest
    late, early = concatenate_ranges(nearest, counts), np.repeat(np.arange(len(frames)), counts)
    near = np.abs(octaves[late] - octaves[early]) <= MAX_OCTAVES
    early, late = early[near], late[near]
    # Of two pairs with the same first landmark, the second ends with the third of the triplet.
    following = np.searchsorted(early, early, side="right") - np.arange(len(early)) - 1
    other = concatenate_ranges(np.arange(1, len(early) + 1), following)
    pair = np.repeat(np.arange(len(early)), following)
    second, third = late[pair], late[other]
    is_apart = frames[third] - frames[second] >= NEAREST_FRAMES
    is_apart &= np.abs(octaves[third] - octaves[second]) <= MAX_OCTAVES
    apart = np.flatnonzero(is_apart)
    return early[pair[apart]], second[apart], third[apart]


def _hash(frames, octaves, first: np.ndarray, second: np.ndarray, third: np.ndarray) -> np.ndarray:
    start, middle = frames[first], octaves[second]
    division = (frames[second] - start) * DIVISIONS // (frames[third] - start)
    below = np.rint((middle - octaves[first]) * STEPS_PER_OCTAVE).astype(np.int32)
    above = np.rint((octaves[third] - middle) * STEPS_PER_OCTAVE).astype(np.int32)
    steps = (below + STEPS_PER_OCTAVE) * (2 * STEPS_PER_OCTAVE + 1) + above + STEPS_PER_OCTAVE
    return (steps * DIVISIONS + division).astype(np.int64)


def _is_kept(hashes: np.ndarray, thinning: int) -> np.ndarray:
    return _scramble(hashes) % thinning == 0


def _scramble(hashes: np.ndarray) -> np.ndarray:
    """Numbers in an order that has nothing to do with intervals."""
    return hashes * 2654435761 % 4294967291
