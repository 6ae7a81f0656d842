"""Find cues as Score Stamper does: match short segments of the film one by one with Dejavu.

The procedure of Ma et al. 2021 (Methods). The study does not say which version of Dejavu it used,
nor how many aligned hashes a segment needed. The method `diagonal` of `match` finds more cues, in
films of any speed.
"""

import os

import numpy as np
import pandas as pd

from scorelens import media, tables
from scorelens.cues.confidence import confidence
from scorelens.fingerprints import (
    DEJAVU_HOP_S,
    DEJAVU_RATE_HZ,
    DejavuIndex,
    concatenate_ranges,
    find_peaks,
    pair_peaks,
)

# Parameters of `confidence`: fitted to 234 cues, right and wrong, of 20 mixed films.
MIDPOINT_HASHES, CONFIDENCE_SLOPE = 7.7, 1.78
OFFSET_BITS = 32  # of an alignment packed in 64 bits: the track above, the offset below
OFFSET_ORIGIN = 1 << 31  # added to the offsets, which may be negative


def find_cues(
    film_id: str,
    video: str | os.PathLike,
    index: DejavuIndex,
    segment_s: float = 5.0,
    min_aligned: int = 8,
    merge_gap_s: float = 5.0,
) -> pd.DataFrame:
    """Find which track plays when, by the method `dejavu`.

    Decodes the film once, in bounded memory.

    Parameters
    ----------
    film_id : str
        Id of the film.
    video : path
        The film.
    index : DejavuIndex
        Hashes of its album.
    segment_s : float, default 5
        Length of the segments that are matched, s.
    min_aligned : int, default 8
        Hashes that must agree on a track and an offset in it.
    merge_gap_s : float, default 5
        Hits of a track this near, without a hit of another between, are one cue, s.

    Returns
    -------
    DataFrame
        `tables.CUES` in order of time; empty if no track plays. Cues begin and end with segments
        and do not overlap. `score` is the number of aligned hashes, `track_start_s` the offset of
        the first hit.

    Raises
    ------
    MediaError
        If the film has no sound.
    """
    hits = match_segments(video, index, segment_s, min_aligned)
    # A segment length like 0.1 s has no exact binary form: 3 * 0.1 > 0.3.
    hits["cue"] = number_cues(hits, bridged=int(merge_gap_s / segment_s + 1e-9))
    cues = hits.groupby("cue", as_index=False).agg(
        track_id=("track", "first"),
        film_start_s=("start_s", "first"),
        film_end_s=("end_s", "last"),
        track_start_s=("offset", "first"),
        score=("aligned", "sum"),
    )
    cues["film_id"], cues["verdict"] = film_id, ""
    cues["cue_id"] = [f"cue_{number:04d}" for number in range(1, len(cues) + 1)]
    cues["track_id"] = [index.track_ids[track] for track in cues.track_id]
    cues["track_start_s"] = np.maximum(0, cues.track_start_s * DEJAVU_HOP_S)
    cues["equal_starts_s"] = cues["shared_tracks"] = [()] * len(cues)
    cues["speed"] = cues["tempo"] = 1.0
    cues["pitch_semitones"] = 0.0
    cues["confidence"] = confidence(
        cues.score.to_numpy(np.float64), MIDPOINT_HASHES, CONFIDENCE_SLOPE
    )
    return tables.as_typed(cues, tables.CUES)


def match_segments(
    video: str | os.PathLike, index: DejavuIndex, segment_s: float, min_aligned: int
) -> pd.DataFrame:
    """Find the segments of a film in which a track plays.

    Parameters
    ----------
    video : path
        The film.
    index : DejavuIndex
        Hashes of its album.
    segment_s : float
        Length of the segments, s.
    min_aligned : int
        Hashes that must agree on a track and an offset in it.

    Returns
    -------
    DataFrame
        One row a hit in order of time: segment (its number), start_s, end_s, track (position in the
        index), offset (frames of the track that have passed when the segment starts; below 0 if the
        track starts inside), aligned (hashes that agree on both).
    """
    rows, start = [], 0
    for number, sound in enumerate(media.audio_blocks(video, DEJAVU_RATE_HZ, segment_s)):
        stop = start + len(sound)
        hashes, frames = pair_peaks(*find_peaks([sound]))
        track, offset, aligned = align(hashes, frames, index)
        if aligned >= min_aligned:
            times = start / DEJAVU_RATE_HZ, stop / DEJAVU_RATE_HZ
            rows.append((number, *times, track, offset, aligned))
        start = stop
    columns = ["segment", "start_s", "end_s", "track", "offset", "aligned"]
    return pd.DataFrame(rows, columns=columns)


def number_cues(hits: pd.DataFrame, bridged: int) -> pd.Series:
    """Number the cues that hits belong to. A hit of another track ends a cue.

    Parameters
    ----------
    hits : DataFrame
        Columns segment and track, in order of time.
    bridged : int
        Segments that may be missed within a cue.

    Returns
    -------
    Series of int
        Counted from 1.

    Examples
    --------
    >>> hits = pd.DataFrame({"segment": [0, 1, 3, 6], "track": [7, 7, 7, 7]})
    >>> number_cues(hits, bridged=1).tolist()
    [1, 1, 1, 2]
    """
    far = hits.segment.diff() > bridged + 1
    return (far | (hits.track != hits.track.shift())).cumsum()


def align(hashes: np.ndarray, frames: np.ndarray, index: DejavuIndex) -> tuple[int, int, int]:
    """Find the track and the offset in it on which most hashes agree.

    Parameters
    ----------
    hashes : ndarray of uint32, shape (n,)
        Of a segment.
    frames : ndarray of int32, shape (n,)
        Time of each hash in the segment, hops.
    index : DejavuIndex
        Hashes of the album.

    Returns
    -------
    track : int
        Position in the index. Of equals the first in album order, then in time.
    offset : int
        Frames.
    aligned : int
        Hashes that agree; 0, with track and offset 0, if no hash is in the index.
    """
    first = np.searchsorted(index.hashes, hashes)
    counts = np.searchsorted(index.hashes, hashes, side="right") - first
    if not counts.any():
        return 0, 0, 0
    rows = concatenate_ranges(first, counts)
    offsets = index.frames[rows].astype(np.int64) - np.repeat(frames, counts)
    packed = index.tracks[rows].astype(np.int64) << OFFSET_BITS | (offsets + OFFSET_ORIGIN)
    alignments, votes = np.unique(packed, return_counts=True)
    best = votes.argmax()
    track, offset = divmod(int(alignments[best]), 1 << OFFSET_BITS)
    return track, offset - OFFSET_ORIGIN, int(votes[best])
