"""Log-mel patches of sound, as the CNNs of the tagger and of the trailers take them."""

import numpy as np

from scorelens.encoders import mel

FLOOR_DB, RANGE_DB = -100.0, 80.0  # of librosa's power_to_db


def log_mel_patches(samples: np.ndarray, rate_hz: int, hop: int, n_bands: int) -> np.ndarray:
    """Compute Slaney's mel bands of patches of sound, in dB.

    Parameters
    ----------
    samples : ndarray of float32, shape (n, n_frames * hop)
        At `rate_hz`; frames of `hop` samples follow each other without overlap.
    rate_hz, hop, n_bands : int
        Sample rate in Hz, length of a frame in samples, number of bands.

    Returns
    -------
    ndarray of float16, shape (n, n_bands, n_frames)
        At most 80 dB below the loudest value of the patch, as `librosa.power_to_db` limits them.
    """
    filters = mel.slaney_bands(rate_hz, hop, n_bands)
    power = mel.mel_spectrogram(samples.ravel(), mel.hann(hop), hop, filters, exponent=2)
    levels = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))
    patches = levels.reshape(len(samples), samples.shape[1] // hop, n_bands).transpose(0, 2, 1)
    loudest = patches.max(axis=(1, 2), keepdims=True, initial=FLOOR_DB)
    return np.maximum(patches, loudest - RANGE_DB).astype(np.float16)


def sounding_rows(samples: np.ndarray, min_rms: float) -> np.ndarray:
    """List the patches of sound that are finite and not silent.

    Parameters
    ----------
    samples : ndarray of float32, shape (n, n_samples)
        Patches of sound, full scale 1.
    min_rms : float
        Root mean square below which a patch is silent.

    Returns
    -------
    ndarray of int64
        Rows of the patches, ascending.

    Examples
    --------
    >>> sounding_rows(np.float32([[0, 0], [0.5, -0.5], [np.nan, 1]]), 1e-4)
    array([1])
    """
    with np.errstate(invalid="ignore", over="ignore"):
        mean_square = np.einsum("ts,ts->t", samples, samples) / samples.shape[1]
    return np.flatnonzero(np.isfinite(mean_square) & (mean_square >= min_rms**2))
