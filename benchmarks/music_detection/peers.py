"""Other detectors of music and speech that `benchmarks/music.py` compares, where they are at hand.

`silero-vad` is a package with its weights, `pyAudioAnalysis` one with a classifier of seconds into
speech, music, silence and other sounds. MusiCNN is fitted here: two logistic regressions on its
embeddings of the mixes that thresholds are chosen on. Each scores a sound second by second:
(seconds, 2), of music and of speech; NaN for what it does not detect.
"""

import pickle
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from music_detection.mixes import RATE_HZ, Mix

Scorer = Callable[[np.ndarray], np.ndarray]
SILERO_SAMPLES, SILERO_CONTEXT = 512, 64
MIDDLE_S = 0.5


def silero() -> Scorer:
    """Silero VAD 6, speech alone."""
    import torch

    torch.set_num_threads(1)
    network = torch.jit.load(str(files("silero_vad") / "data" / "silero_vad.jit")).eval()

    def score(samples: np.ndarray) -> np.ndarray:
        network.reset_states()
        whole = samples[: len(samples) // SILERO_SAMPLES * SILERO_SAMPLES]
        with torch.inference_mode():
            steps = torch.from_numpy(whole.reshape(-1, SILERO_SAMPLES))
            speech = np.array([network(step[None], RATE_HZ).item() for step in steps])
        seconds = len(samples) // RATE_HZ
        which = np.minimum(np.arange(len(speech)) * SILERO_SAMPLES // RATE_HZ, seconds - 1)
        means = np.bincount(which, speech, seconds) / np.bincount(which, minlength=seconds)
        return np.column_stack([np.full(seconds, np.nan), means])

    return score


def pyaudioanalysis() -> Scorer:
    """The support vector machine `svm_rbf_4class` on means and deviations over a second."""
    from pyAudioAnalysis import ShortTermFeatures

    folder = Path(ShortTermFeatures.__file__).parent / "data" / "models"
    with (folder / "svm_rbf_4classMEANS").open("rb") as file:
        mean, deviation, classes = (np.array(_PlainUnpickler(file).load()) for _ in range(3))
    with (folder / "svm_rbf_4class").open("rb") as file:
        machine = _PlainUnpickler(file).load()
    order = [list(classes).index(name) for name in ("music", "speech")]
    frame = RATE_HZ // 20

    def score(samples: np.ndarray) -> np.ndarray:
        seconds = len(samples) // RATE_HZ
        short = ShortTermFeatures.feature_extraction(samples * 2**15, RATE_HZ, frame, frame)[0]
        by_second = short[:, : seconds * 20].reshape(len(short), seconds, 20)
        features = np.nan_to_num(np.concatenate([by_second.mean(2), by_second.std(2)]).T)
        return machine.predict_proba((features - mean) / deviation)[:, order]

    return score


def musicnn(weights: Path, mixes: Sequence[Mix]) -> Scorer:
    """Logistic regressions on MusiCNN's embeddings around the middle of each second."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from scorelens.encoders import audio_encoder

    encoder = audio_encoder.load("musicnn", weights, threads=1)

    def embed(samples: np.ndarray) -> np.ndarray:
        moments = np.arange(len(samples) // RATE_HZ) + MIDDLE_S
        return np.nan_to_num(encoder.encode_at([samples], moments))

    embedded = np.concatenate([embed(mix.samples) for mix in mixes])
    models = []
    for truth in ([mix.music for mix in mixes], [mix.speech for mix in mixes]):
        labels = np.concatenate(truth)
        known = np.isfinite(labels)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
        models.append(model.fit(embedded[known], labels[known] > 0))

    def score(samples: np.ndarray) -> np.ndarray:
        features = embed(samples)
        return np.column_stack([model.predict_proba(features)[:, 1] for model in models])

    return score


class _PlainUnpickler(pickle.Unpickler):
    """Reads arrays and a support vector machine, and nothing else that a file may name."""

    def find_class(self, module: str, name: str) -> object:
        allowed = {"SVC", "scalar", "dtype", "ndarray", "_reconstruct"}
        if name not in allowed or module.split(".")[0] not in ("sklearn", "numpy"):
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)
