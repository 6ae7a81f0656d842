"""What networks from scratch look at: small frames, and windows of the sound's log-mel bands."""

import cv2
import numpy as np

from scorelens.tagger import patches
from scorelens.trailers.data.frame_sampling import RATE_HZ

SIDE, COLOURS = 64, 3  # px of a small frame, and its planes
HOP, BANDS, FRAMES = 1024, 64, 46  # samples of a frame of sound, mel bands, frames of a window
WINDOW = FRAMES * HOP  # samples; ten windows in 30 s, as there are ten frames
LEAST_S = 1.0  # of a trailer's sound


def small_frames(frames: np.ndarray) -> np.ndarray:
    """Frames made small, their colours one above the other.

    frames: uint8 (n, height, width, COLOURS), RGB. Returns float16 (n, COLOURS * SIDE, SIDE), 0..1.
    """
    small = [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in frames]
    colours = np.array(small, np.uint8).reshape(-1, SIDE, SIDE, COLOURS).transpose(0, 3, 1, 2)
    return (colours.reshape(-1, COLOURS * SIDE, SIDE) / np.float32(255)).astype(np.float16)


def mel_windows(sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Windows of a sound in dB, and the middle of each in s.

    sound: float32 (n,) at RATE_HZ. Returns float16 (windows, BANDS, FRAMES) and float64 (windows,).
    A rest shorter than a window is left out, unless it is all there is: a sound of a second at
    least is repeated until it fills one. A window that is silent or not finite is left out.
    """
    if LEAST_S * RATE_HZ <= len(sound) < WINDOW:
        sound = np.resize(sound, WINDOW)
    whole = len(sound) // WINDOW
    windows = sound[: whole * WINDOW].reshape(whole, WINDOW)
    heard = patches.loud(windows)
    middle_s = (heard + 0.5) * WINDOW / RATE_HZ
    return patches.decibels(windows[heard], RATE_HZ, HOP, BANDS), middle_s
