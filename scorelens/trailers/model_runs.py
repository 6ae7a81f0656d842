"""The runs of the trailer models: which model is trained on which pretrained network.

Read when the workflow is parsed: light imports only.
"""

import math
import zlib
from collections.abc import Collection, Iterable, Sequence

from scorelens.encoders.registry import ENCODERS
from scorelens.errors import ConfigError, Problem
from scorelens.trailers import NO_NETWORK
from scorelens.trailers.registry import (
    FROZEN,
    FUSED,
    FUSION,
    MAPPED,
    MODEL_SPECS,
    MODELS,
    PICTURE,
    PREFERRED,
    RANDOM,
    TITLES,
)

NEED_NETWORK = (*FROZEN, *RANDOM, *MAPPED)
Run = tuple[str, str]  # a pretrained network or NO_NETWORK, and a model on its embeddings


def runs(
    models: Collection[str], frame_networks: Sequence[str], sound_networks: Sequence[str]
) -> list[Run]:
    """List the runs, in the order of MODELS, each model on the networks of its modality.

    Parameters
    ----------
    models : collection of str
        Names of MODELS.
    frame_networks, sound_networks : sequence of str
        Names of image encoders, and of audio encoders.

    Returns
    -------
    list of Run
        Network and model.

    Raises
    ------
    ConfigError
        If the fusion lacks the models that it fuses.
    """
    absent = [model for model in FUSED if model not in models]
    if FUSION in models and absent:
        what = f"{FUSION} is named without {' and '.join(absent)}"
        expected = f"{' and '.join(FUSED)}, which it fuses"
        hint = f"or leave {FUSION} out"
        raise ConfigError(Problem("config: trailers.models", what, expected, hint))
    return [
        (network, model)
        for model in MODELS
        if model in models
        for network in (
            networks_of(model, frame_networks, sound_networks)
            if model in NEED_NETWORK
            else [NO_NETWORK]
        )
    ]


def networks_of(
    model: str, frame_networks: Sequence[str], sound_networks: Sequence[str]
) -> list[str]:
    """List the pretrained networks that a model is trained on, one after the other.

    Parameters
    ----------
    model : str
        A name of MODELS.
    frame_networks, sound_networks : sequence of str
        Names of image encoders, and of audio encoders.

    Returns
    -------
    list of str
        Those of its modality, of a model on feature maps those that give maps; none for a model
        that needs no network.

    Examples
    --------
    >>> networks_of("frame_map_cnn", ["efficientnet_lite0", "vgg16"], ["musicnn"])
    ['vgg16']
    """
    if model not in NEED_NETWORK:
        return []
    known = frame_networks if MODEL_SPECS[model].inputs == PICTURE else sound_networks
    return [name for name in known if model not in MAPPED or ENCODERS[name].map_side]


def batches(trailers: Iterable[str], size: int) -> dict[int, list[str]]:
    """Divide trailers into batches for jobs; a trailer that is added changes one batch.

    Parameters
    ----------
    trailers : iterable of str
        Their ids. The batch of a trailer depends on its id alone, until there are so many that
        each batch is halved.
    size : int
        Trailers of a batch, about.

    Returns
    -------
    dict
        Number of the batch -> ids, sorted.
    """
    known = sorted(trailers)
    count = 1 << max(0, math.ceil(math.log2(len(known) / size))) if known else 0
    numbered: dict[int, list[str]] = {}
    for name in known:
        numbered.setdefault(zlib.crc32(name.encode()) % count, []).append(name)
    return dict(sorted(numbered.items()))


def title(network: str, model: str) -> str:
    """Return a run's name as a reader writes it: "Attention over frames, VGG16"."""
    return TITLES[model] if network == NO_NETWORK else f"{TITLES[model]}, {ENCODERS[network].title}"


def modality_run(modality: str, trained: Collection[Run]) -> Run | None:
    """Choose the run that represents a modality in comparisons.

    Parameters
    ----------
    modality : str
        PICTURE, SOUND or BOTH. The fusion is made of the runs of PICTURE and SOUND.
    trained : collection of Run
        In the order of `runs`, so that a model counts on the first network of the configuration.

    Returns
    -------
    Run or None
        None without any of the modality.
    """
    return next((run for model in PREFERRED[modality] for run in trained if run[1] == model), None)


def primary_run(model: str, trained: Iterable[Run]) -> Run | None:
    """Choose the run that the headline names, before any score is known.

    Parameters
    ----------
    model : str
        The primary model of the configuration.
    trained : iterable of Run
        In the order of `runs`, so that the model counts on its first network.

    Returns
    -------
    Run or None
        None if the model was not trained: no other takes its part.
    """
    return next((run for run in trained if run[1] == model), None)
