"""Convert pictures in high dynamic range (PQ, HLG) to the scale of standard dynamic range.

The same white wall has a lower code in PQ or HLG than in BT.709. Codes are converted to light,
relative to reference white (203 cd/m2, ITU-R BT.2408, table 1), and then to the codes that BT.1886
displays as the same light, at most 1: what is brighter than white paper, such as lamps and
reflections, counts as white.
"""

import numpy as np

PQ, HLG = 16, 18  # FFmpeg's numbers of the transfer characteristics
WHITE_NITS = 203.0
HLG_PEAK_NITS, HLG_GAMMA = 1000.0, 1.2  # of the reference display of ITU-R BT.2100
BT1886_GAMMA = 2.4

BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
)  # on light, ITU-R BT.2087 inverted


def is_hdr(transfer: int) -> bool:
    """Whether a picture is in high dynamic range.

    Parameters
    ----------
    transfer : int
        FFmpeg's number of the transfer characteristics.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_hdr(PQ), is_hdr(1)
    (True, False)
    """
    return transfer in (PQ, HLG)


def standard_luma(signal: np.ndarray, transfer: int) -> np.ndarray:
    """Convert luma codes to BT.1886.

    Parameters
    ----------
    signal : ndarray
        PQ or HLG codes, 0..1.
    transfer : int
        FFmpeg's number of the transfer characteristics.

    Returns
    -------
    ndarray
        Codes 0..1, of the same shape.
    """
    return _code(_light(signal, transfer))


def standard_rgb(rgb: np.ndarray, transfer: int) -> np.ndarray:
    """Convert BT.2020 colours to BT.709.

    Parameters
    ----------
    rgb : ndarray, shape (3, ...)
        R, G and B in PQ or HLG codes, 0..1.
    transfer : int
        FFmpeg's number of the transfer characteristics.

    Returns
    -------
    ndarray of float32, shape (3, ...)
        R, G and B, 0..1.
    """
    light = np.tensordot(BT2020_TO_BT709.astype(np.float32), _light(rgb, transfer), 1)
    return _code(light).astype(np.float32)


def _light(signal: np.ndarray, transfer: int) -> np.ndarray:
    """Light relative to reference white."""
    nits = _pq_nits(signal) if transfer == PQ else _hlg_nits(signal)
    return nits / WHITE_NITS


def _code(light: np.ndarray) -> np.ndarray:
    return np.clip(light, 0, 1) ** (1 / BT1886_GAMMA)


def _pq_nits(signal: np.ndarray) -> np.ndarray:
    """ITU-R BT.2100, table 4."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = np.clip(signal, 0, 1) ** (1 / m2)
    return 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)


def _hlg_nits(signal: np.ndarray) -> np.ndarray:
    """ITU-R BT.2100, table 5; the gamma of the display is applied to each channel separately."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    signal = np.clip(signal, 0, 1)
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return HLG_PEAK_NITS * scene**HLG_GAMMA
