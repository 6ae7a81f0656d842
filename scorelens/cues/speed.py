"""How fast a film runs against its album.

Video transfers play films 25/24 fast or 24/25 slow, pitch and all, and 1001/1000 where 23.976 or
29.97 Hz meet 24 or 30 Hz; the masterings of film and album may drift on their own.
"""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from scorelens.cues.alignment import Found, Sound, search_lines
from scorelens.fingerprints import Album, hash_album

CLEAR_NATS = 100.0  # evidence in a window that chance hardly reaches
# An eighth of the hashes tells the speeds of most films apart; where it does not, all of them may.
TRIALS = ((8, 40.0), (1, CLEAR_NATS))  # thinning, evidence that a window must bring
LEAD = 2.0  # by so much another speed must explain more than the usual one
SNAP = 3e-4  # a speed so near to a listed one is taken to be it

log = logging.getLogger(__name__)


def choose_base(sound: Sound, album: Album, share: float) -> float:
    """The base speed of the album at which the film holds most of it.

    share: as `lines.gather_evidence` takes it. At a wrong speed next to nothing matches; the usual
    speed, the first, stands unless another explains `LEAD` as much, so that a film without music of
    its album has it too.
    """
    bases = list(album.landmarks)
    if len(bases) == 1:
        return bases[0]
    for thinning, least in TRIALS:
        chosen = (sound.hashes >> 13) % thinning == 0
        thin = Sound(sound.hashes[chosen], sound.frames[chosen])
        clear = [
            _clear_nats(search_lines(thin, hash_album(album, base, thinning), share), least)
            for base in bases
        ]
        best = int(np.argmax(clear))
        if clear[best]:
            return bases[best] if clear[best] > LEAD * clear[0] else bases[0]
    return bases[0]


def film_drift(found: Sequence[Found], base: float, speeds: Sequence[float]) -> float:
    """The slope of the film's lines: how much less than `base` its speed is, as a share.

    found: the lines of the film's windows. speeds: the listed ones; the film's is one of them if
    it is near to it. Without clear lines it is the first of those that share this base.
    """
    slopes, weights = [np.zeros(0)], [np.zeros(0)]
    for window in found:
        clear = window.nats[:1] >= CLEAR_NATS
        slopes.append(window.slope[:1][clear])
        weights.append(window.spread[:1][clear])
    drift = _weighted_median(np.concatenate(slopes), np.concatenate(weights))
    listed = 1 - np.array(speeds) / base
    nearest = listed[np.abs(listed - drift).argmin()]
    return float(nearest if abs(nearest - drift) <= SNAP else drift)


def film_speed(cues: pd.DataFrame) -> float:
    """Album seconds that pass in a second of film: that of most of the cues' time. cues: not empty.

    A track may drift on its own.
    """
    lasts_s = cues.film_end_s - cues.film_start_s
    return float(lasts_s.groupby(cues.speed).sum().idxmax())


def _clear_nats(found: Sequence[Found], least: float) -> float:
    best = np.array([window.nats.max(initial=0) for window in found])
    return float(best[best >= least].sum())


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    """The value with half of the weight on either side; 0 of none."""
    if not len(values):
        return 0.0
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
