"""Estimate how fast a film runs against its album.

Video transfers play films 25/24 fast or 24/25 slow, with the pitch, and 1001/1000 where 23.976 or
29.97 Hz meet 24 or 30 Hz. The masterings of film and album may drift besides.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from scorelens.cues.alignment import Candidates, FilmHashes, search_alignments
from scorelens.fingerprints import Album, hash_album

CLEAR_NATS = 100.0  # evidence in a window that chance hardly reaches
# An eighth of the hashes is enough to choose the speed of most films; where not, all are used.
TRIALS = ((8, 40.0), (1, CLEAR_NATS))  # thinning, minimum evidence of a window that counts
MIN_RATIO = 2.0  # another speed must explain so many times as much as the usual one
SNAP = 3e-4  # a speed within this of a listed one is taken to be it


def choose_base_speed(film: FilmHashes, album: Album, matched_share: float) -> float:
    """Choose the base speed of the album at which the film matches most of it.

    At a wrong speed next to nothing matches. The usual speed, the first, stands unless another
    explains `MIN_RATIO` times as much, so a film without music of its album has it too.

    Parameters
    ----------
    film : FilmHashes
        The film.
    album : Album
        Landmarks of the album at each base speed.
    matched_share : float
        Share of the film's hashes that a playing track is expected to match, 0..1.

    Returns
    -------
    float
        A key of `album.landmarks`.
    """
    speeds = list(album.landmarks)
    if len(speeds) == 1:
        return speeds[0]
    for thinning, min_nats in TRIALS:
        chosen = (film.hashes >> 13) % thinning == 0
        thin = FilmHashes(film.hashes[chosen], film.frames[chosen])
        clear = [
            _clear_nats(
                search_alignments(thin, hash_album(album, speed, thinning), matched_share), min_nats
            )
            for speed in speeds
        ]
        best = int(np.argmax(clear))
        if clear[best]:
            return speeds[best] if clear[best] > MIN_RATIO * clear[0] else speeds[0]
    return speeds[0]


def film_drift(
    candidates: Sequence[Candidates], base_speed: float, speeds: Sequence[float]
) -> float:
    """Estimate the slope of the film's alignments.

    Parameters
    ----------
    candidates : sequence of Candidates
        Of the film's windows.
    base_speed : float
        Speed at which the album was played.
    speeds : sequence of float
        Listed speeds. The film's is one of them if it is within `SNAP` of it.

    Returns
    -------
    float
        How much less than the base speed the film's speed is, as a ratio. Without clear alignments
        it is that of the nearest listed speed.
    """
    slopes, weights = [np.zeros(0)], [np.zeros(0)]
    for window in candidates:
        clear = window.nats[:1] >= CLEAR_NATS
        slopes.append(window.slope[:1][clear])
        weights.append(window.spread[:1][clear])
    drift = _weighted_median(np.concatenate(slopes), np.concatenate(weights))
    listed = 1 - np.array(speeds) / base_speed
    nearest = listed[np.abs(listed - drift).argmin()]
    return float(nearest if abs(nearest - drift) <= SNAP else drift)


def film_speed(cues: pd.DataFrame) -> float:
    """Album seconds that pass in a second of film, for most of the cues' time.

    Parameters
    ----------
    cues : DataFrame
        Cues of a film (`tables.CUES`), not empty. A track may drift on its own.

    Returns
    -------
    float
    """
    durations_s = cues.film_end_s - cues.film_start_s
    return float(durations_s.groupby(cues.speed).sum().idxmax())


def _clear_nats(candidates: Sequence[Candidates], min_nats: float) -> float:
    best = np.array([window.nats.max(initial=0) for window in candidates])
    return float(best[best >= min_nats].sum())


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """The value with half of the weight on either side; 0 without values."""
    if not len(values):
        return 0.0
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
