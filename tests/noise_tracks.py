"""Tracks of noise, and the log-mel encoder of their fragments."""

import numpy as np
import soundfile

from scorelens.retrieval import RATE_HZ
from scorelens.retrieval.embed.embed_tracks import EncodingSettings

LOG_MEL = EncodingSettings("cnn_transformer", 3, None, "c0de")


def noise(seconds, seed=0, rate_hz=RATE_HZ):
    return 0.1 * np.random.default_rng(seed).normal(size=round(seconds * rate_hz))


def write_wav(path, samples, rate_hz=RATE_HZ):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate_hz, "FLOAT")
    return path
