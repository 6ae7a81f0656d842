"""Part the power of a film's sound into the music of a known track and the rest.

In every frame the film's spectrum is the track's, changed by a gain for each band that holds for
the whole stretch and by a level for each moment, plus a rest that is flat within wide bands and
free from frame to frame. The fine structure of the track tells the two apart: its peaks and gaps in
frequency, which the rest does not share. Gains, levels and the rest are those of highest likelihood
if every cell is noise of the modelled power (Itakura-Saito divergence), found by multiplicative
updates. Phases are not used, so that errors of the alignment of some hundredths of a second, music
that was stretched and filters do not matter much. Reverberation longer than a frame counts as rest.

References
----------
Févotte, Bertin, Durrieu, Nonnegative matrix factorization with the Itakura-Saito divergence, Neural
Computation 21, 2009.
"""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import uniform_filter1d

from scorelens.cues.spectra import BINS, FIRST_BIN, FRAMES_PER_S, RATE_HZ, WINDOW

GAIN_BANDS, REST_BANDS = 24, 8  # of equal width in ERB
ROUNDS = 12
SHAPE_ROUNDS = 2  # first rounds, in which the level is the same everywhere
LEVEL_FRAMES = FRAMES_PER_S  # levels are those of a second
FEW_CELLS = 1e-6  # so few hold music that levels stay as they are
SILENCE = np.float32(1e-14)  # power of a cell


class Parts(NamedTuple):
    """Power of music and rest in every frame, float64 (frames,)."""

    music: np.ndarray
    rest: np.ndarray


class _Bands(NamedTuple):
    """Bands of bins."""

    firsts: np.ndarray
    widths: np.ndarray

    def sums(self, cells: np.ndarray) -> np.ndarray:
        """Sums over the bins of each band, (frames, bands)."""
        return np.add.reduceat(cells, self.firsts, axis=1)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values of bands, in all of their bins."""
        return np.repeat(values, self.widths, axis=-1)


def separate(film: np.ndarray, track: np.ndarray) -> Parts:
    """Part a stretch of a film into the music of a track and the rest.

    Parameters
    ----------
    film, track : ndarray of float32, shape (frames, BINS)
        Power spectra of the film, and of what of the track plays in the same frames.

    Returns
    -------
    Parts
        Their sum is the power of the film. No music where the track or the film is silent.
    """
    film, track = film + SILENCE, track + SILENCE
    narrow, wide = _bands(GAIN_BANDS), _bands(REST_BANDS)
    gain = narrow.sums(film).sum(0) / narrow.sums(track).sum(0) / 2
    gain[narrow.sums(track).sum(0) < 2 * SILENCE * len(track) * narrow.widths] = 0
    level = np.ones((len(film), 1), np.float32)
    rest = wide.sums(film) / wide.widths / 2
    for number in range(ROUNDS):
        inverse = 1 / (level * narrow.spread(gain) * track + wide.spread(rest))
        weight = film * inverse * inverse
        wanted, modelled = narrow.sums(track * weight), narrow.sums(track * inverse)
        rest = rest * wide.sums(weight) / wide.sums(inverse)
        previous = gain
        gain = gain * (level * wanted).sum(0) / (level * modelled).sum(0)
        if number >= SHAPE_ROUNDS:
            cells = [_smooth(values @ previous) + FEW_CELLS for values in (wanted, modelled)]
            level = level * cells[0] / cells[1]
    music = level * narrow.spread(gain) * track
    share = music / (music + wide.spread(rest))
    powers = (film * share).sum(1, dtype=np.float64), (film * (1 - share)).sum(1, dtype=np.float64)
    return Parts(*powers)


def _smooth(values: np.ndarray) -> np.ndarray:
    """Means over the time of a level, (frames, 1)."""
    return uniform_filter1d(values, LEVEL_FRAMES, mode="nearest")[:, None]


def _bands(count: int) -> _Bands:
    """Bands of equal width on the scale of equivalent rectangular bandwidths.

    References
    ----------
    Glasberg, Moore, Derivation of auditory filter shapes from notched-noise data, Hearing Research
    47, 1990.
    """
    hz = (FIRST_BIN + np.array([0, BINS])) * RATE_HZ / WINDOW
    low, high = np.log10(1 + 0.00437 * hz)
    edges_hz = (10 ** np.linspace(low, high, count + 1) - 1) / 0.00437
    edges = np.unique(np.round(edges_hz * WINDOW / RATE_HZ).astype(int)) - FIRST_BIN
    return _Bands(edges[:-1], np.diff(edges))
