"""Score Stamper as published: short segments of the film, each matched on its own by Dejavu.

The procedure of Ma et al. 2021 (Methods). The study does not say which version of Dejavu it used,
nor how many aligned hashes a segment needed to have a track. Method `diagonal` (`match`) finds
more, in films of any speed.
"""

import os

import numpy as np
import pandas as pd

from scorelens import media, tables
from scorelens.cues.confidence import confidence
from scorelens.fingerprints import spans
from scorelens.fingerprints.dejavu import HOP_S, RATE_HZ, Index, find_peaks, pair_peaks

DOUBT = 7.7  # aligned hashes; as `DOUBT_NATS` of `match`, from 234 cues of 20 mixed films
DOUBT_SLOPE = 1.78
OFFSET_BITS = 32  # of an alignment packed in 64 bits: the track above, the offset below
NO_OFFSET = 1 << 31  # what an offset of 0 is packed as


def find_cues(
    film_id: str,
    video: str | os.PathLike,
    index: Index,
    segment_s: float = 5.0,
    least_aligned: int = 8,
    merge_gap_s: float = 5.0,
) -> pd.DataFrame:
    """Which track plays when, a frame of `tables.CUES` in order of time; empty if none does.

    segment_s: length of the segments that are matched, s. least_aligned: hashes that must agree on
    a track and a place in it. merge_gap_s: hits of a track so near, without a hit of another one
    between, are one cue, s. Cues begin and end with segments and do not overlap. `score` is the
    number of aligned hashes, and `confidence` follows from it. `track_start_s` is what the
    first hit is aligned to. Decodes the film once, in bounded memory. Raises MediaError for a film
    without sound.
    """
    hits = match_segments(video, index, segment_s, least_aligned)
    # A segment length like 0.1 s has no exact binary form: 3 * 0.1 > 0.3.
    hits["cue"] = number_cues(hits, bridged=int(merge_gap_s / segment_s + 1e-9))
    cues = hits.groupby("cue", as_index=False).agg(
        track_id=("track", "first"),
        film_start_s=("start_s", "first"),
        film_end_s=("end_s", "last"),
        track_start_s=("offset", "first"),
        score=("aligned", "sum"),
    )
    cues["film_id"] = film_id
    cues["cue_id"] = [f"cue_{number:04d}" for number in range(1, len(cues) + 1)]
    cues["track_id"] = [index.track_ids[track] for track in cues.track_id]
    cues["track_start_s"] = np.maximum(0, cues.track_start_s * HOP_S)
    cues["equal_starts_s"] = cues["shared_tracks"] = [()] * len(cues)
    cues["speed"] = 1.0
    cues["confidence"] = confidence(cues.score.to_numpy(np.float64), DOUBT, DOUBT_SLOPE)
    return tables.as_typed(cues, tables.CUES)


def match_segments(
    video: str | os.PathLike, index: Index, segment_s: float, least_aligned: int
) -> pd.DataFrame:
    """The segments of a film in which a track was found, in order of time.

    Columns: segment (its number), start_s, end_s, track (place in the index), offset (frames of the
    track that have passed at the segment's start; below 0 if it starts inside), aligned (hashes
    that agree on both).
    """
    rows, start = [], 0
    for number, sound in enumerate(media.audio_blocks(video, RATE_HZ, segment_s)):
        stop = start + len(sound)
        hashes, frames = pair_peaks(*find_peaks([sound]))
        track, offset, aligned = align(hashes, frames, index)
        if aligned >= least_aligned:
            times = start / RATE_HZ, stop / RATE_HZ
            rows.append((number, *times, track, offset, aligned))
        start = stop
    columns = ["segment", "start_s", "end_s", "track", "offset", "aligned"]
    return pd.DataFrame(rows, columns=columns)


def number_cues(hits: pd.DataFrame, bridged: int) -> pd.Series:
    """To which cue each hit belongs, counted from 1.

    hits: columns segment and track, in order of time. bridged: so many segments may be missed
    within a cue. Another track's hit ends a cue.
    """
    far = hits.segment.diff() > bridged + 1
    return (far | (hits.track != hits.track.shift())).cumsum()


def align(hashes: np.ndarray, frames: np.ndarray, index: Index) -> tuple[int, int, int]:
    """The track and the offset in it, in frames, on which most hashes agree, and how many do.

    Of equals the first in the album's order, then in time. (0, 0, 0) if no hash is in the index.
    """
    first = np.searchsorted(index.hashes, hashes)
    counts = np.searchsorted(index.hashes, hashes, side="right") - first
    if not counts.any():
        return 0, 0, 0
    rows = spans(first, counts)
    offsets = index.frames[rows].astype(np.int64) - np.repeat(frames, counts)
    packed = index.tracks[rows].astype(np.int64) << OFFSET_BITS | (offsets + NO_OFFSET)
    alignments, votes = np.unique(packed, return_counts=True)
    best = votes.argmax()
    track, offset = divmod(int(alignments[best]), 1 << OFFSET_BITS)
    return track, offset - NO_OFFSET, int(votes[best])
