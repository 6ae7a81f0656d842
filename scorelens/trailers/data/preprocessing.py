"""Inputs of the networks from scratch: small frames, and log-mel windows of the sound."""

import cv2
import numpy as np

from scorelens.encoders.log_mel import log_mel_patches, sounding_rows
from scorelens.media.silence import SILENCE_RMS
from scorelens.trailers.data.frame_sampling import RATE_HZ

SIDE, COLOURS = 64, 3  # px of a small frame, and its planes
HOP, BANDS, FRAMES = 1024, 64, 46  # samples of a frame of sound, mel bands, frames of a window
WINDOW = FRAMES * HOP  # samples; ten windows in 30 s, as there are ten frames
MIN_S = 1.0  # of a trailer's sound


def small_frames(frames: np.ndarray) -> np.ndarray:
    """Shrink frames and stack their colours.

    Parameters
    ----------
    frames : ndarray of uint8, shape (n, height, width, COLOURS)
        RGB.

    Returns
    -------
    ndarray of float16, shape (n, COLOURS * SIDE, SIDE)
        In 0..1.
    """
    small = [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in frames]
    colours = np.array(small, np.uint8).reshape(-1, SIDE, SIDE, COLOURS).transpose(0, 3, 1, 2)
    return (colours.reshape(-1, COLOURS * SIDE, SIDE) / np.float32(255)).astype(np.float16)


def mel_windows(sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut a sound in log-mel windows.

    A rest shorter than a window is left out, unless it is all there is: a sound of a second at
    least is repeated until it fills one. A window that is silent or not finite is left out.

    Parameters
    ----------
    sound : ndarray of float32, shape (n,)
        At RATE_HZ.

    Returns
    -------
    windows : ndarray of float16, shape (n_windows, BANDS, FRAMES)
        In dB.
    middle_s : ndarray of float64, shape (n_windows,)
        The middle of each window, in seconds.
    """
    if MIN_S * RATE_HZ <= len(sound) < WINDOW:
        sound = np.resize(sound, WINDOW)
    whole = len(sound) // WINDOW
    windows = sound[: whole * WINDOW].reshape(whole, WINDOW)
    rows = sounding_rows(windows, SILENCE_RMS)
    middle_s = (rows + 0.5) * WINDOW / RATE_HZ
    return log_mel_patches(windows[rows], RATE_HZ, HOP, BANDS), middle_s
