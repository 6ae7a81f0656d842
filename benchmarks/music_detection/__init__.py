"""Mixes with a known truth, and other detectors, for `benchmarks/music.py`."""
