"""Thresholds below which a sound counts as silent, or as too short to measure."""

SILENCE_RMS = 1e-4  # -80 dB of full scale: above the dither of 16 bits, below any audible music
MIN_SOUND_S = 0.05  # s
