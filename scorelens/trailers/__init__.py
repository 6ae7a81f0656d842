"""Trailers: does the picture or the sound give the genre away?

Frames and sound of trailers, what frozen networks say of them, and models that name the genres by
the one, the other, or both. This module is light: it is imported when the workflow is parsed.
"""

import math
import zlib
from collections.abc import Collection, Iterable, Sequence

from scorelens.encoders.registry import ENCODERS
from scorelens.errors import ConfigError, Problem

NO_NETWORK = "none"  # what a model stands on that needs no network of these

PICTURE, SOUND, BOTH = "picture", "sound", "both"
FREQUENCY, FUSION = "frequency", "fusion"
# The arm of each model: what it sees or hears of a trailer, if anything.
MODELS = {
    FREQUENCY: "",
    "frame_cnn": PICTURE,
    "frame_linear": PICTURE,
    "frame_attention": PICTURE,
    "window_cnn": SOUND,
    "sound_linear": SOUND,
    "sound_attention": SOUND,
    FUSION: BOTH,
}
# Models of what a frozen network says: each is trained on each network of its arm.
FROZEN = ("frame_linear", "frame_attention", "sound_linear", "sound_attention")
# Networks from scratch, and which of the tagger's architectures each has.
NETWORKS = {"frame_cnn": "frame_cnn", "window_cnn": "mel_cnn"}
ATTENTIVE = ("frame_attention", "sound_attention")
FUSED = ATTENTIVE  # the models that the fusion needs
# Which model stands for an arm where arms are compared: the first there is, whatever its scores.
PREFERRED = {
    PICTURE: ("frame_attention", "frame_linear", "frame_cnn"),
    SOUND: ("sound_attention", "sound_linear", "window_cnn"),
    BOTH: (FUSION,),
}
TITLES = {
    FREQUENCY: "Frequency of the genre",
    "frame_cnn": "CNN on frames",
    "frame_linear": "Linear on frames",
    "frame_attention": "Attention over frames",
    "window_cnn": "CNN on log-mel",
    "sound_linear": "Linear on sound",
    "sound_attention": "Attention over sound",
    FUSION: "Picture and sound fused",
}
HELD_OUT, TEACHING = "held_out", "teaching"  # parts of the answers of a fold
TUNED = "tuned"  # in place of a threshold: each genre's own, found where the model learnt

Run = tuple[str, str]  # a pretrained network or NO_NETWORK, and a model on its embeddings


def runs(
    models: Collection[str], frame_networks: Sequence[str], sound_networks: Sequence[str]
) -> list[Run]:
    """The runs that are asked for: in the order of MODELS, each model on the networks of its arm.

    models: of MODELS. frame_networks: of IMAGE_ENCODERS. sound_networks: of AUDIO_ENCODERS. Raises
    ConfigError if the fusion lacks what it fuses.
    """
    absent = [model for model in FUSED if model not in models]
    if FUSION in models and absent:
        found = f"{FUSION} is named without {' and '.join(absent)}"
        expected = f"{' and '.join(FUSED)}, which it fuses"
        hint = f"or leave {FUSION} out"
        raise ConfigError(Problem("config: trailers.models", found, expected, hint))
    networks = {PICTURE: frame_networks, SOUND: sound_networks}
    return [
        (network, model)
        for model, arm in MODELS.items()
        if model in models
        for network in (networks[arm] if model in FROZEN else [NO_NETWORK])
    ]


def batches(trailers: Iterable[str], size: int) -> dict[int, list[str]]:
    """Trailers in batches of about `size`, by number; a trailer that is added changes one of them.

    trailers: their ids. Which batch one is in depends on its id alone, until there are so many that
    each batch is halved.
    """
    known = sorted(trailers)
    count = 1 << max(0, math.ceil(math.log2(len(known) / size))) if known else 0
    found: dict[int, list[str]] = {}
    for name in known:
        found.setdefault(zlib.crc32(name.encode()) % count, []).append(name)
    return dict(sorted(found.items()))


def title(network: str, model: str) -> str:
    """A run's name as a reader writes it: "Attention over frames, VGG16"."""
    return TITLES[model] if network == NO_NETWORK else f"{TITLES[model]}, {ENCODERS[network].title}"


def arm_run(arm: str, found: Collection[Run]) -> Run | None:
    """The run that stands for an arm, of those there are; None without any.

    found: as `runs` orders them, so that a model counts on the first network of the config.
    The fusion is made of the runs of PICTURE and SOUND.
    """
    return next((run for model in PREFERRED[arm] for run in found if run[1] == model), None)
