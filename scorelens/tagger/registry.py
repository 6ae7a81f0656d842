"""The models of the tagger: names, titles, inputs, settings and modules.

A new model is a module in `tagger/models/` and an entry here, at the end: the position of a model
is part of its seed. Light: read when the workflow is parsed.
"""

from scorelens.learning.model_specs import ModelSpec, by_name

FREQUENCY, RANDOM = "frequency_ranking", "random_ranking"
# Inputs: of the music, and of what is known of an album without its music.
MFCC, MEL, EMBEDDING = "mfcc", "mel", "embedding"
YEAR, LOUDNESS, LENGTH, NOISE = "year", "loudness", "length", "noise"

_NETWORKS = "scorelens.tagger.models.networks"
_PCA_NETWORK = "scorelens.tagger.models.pca_network"
_LINEAR = "scorelens.tagger.models.linear"
_NETWORK_SETTINGS = ("tiles_per_track", "tiles_per_class", "network")


def _network(name: str, title: str, inputs: str, calibrated: bool = False) -> ModelSpec:
    return ModelSpec(name, title, _NETWORKS, _NETWORK_SETTINGS, inputs, True, calibrated)


def _linear(name: str, title: str, inputs: str, settings: tuple[str, ...] = ()) -> ModelSpec:
    return ModelSpec(name, title, _LINEAR, settings, inputs, calibrated=True)


MODEL_SPECS = by_name(
    [
        ModelSpec(FREQUENCY, "Ranking by frequency", "scorelens.tagger.models.frequency"),
        _network("dnn", "DNN on MFCC", MFCC),
        _network("cnn", "CNN on MFCC", MFCC),
        _network("cnn_ensemble", "Ensemble of CNNs on MFCC", MFCC),
        _network("mel_cnn", "CNN on log-mel", MEL, calibrated=True),
        _linear("embedding_linear", "Linear on embeddings", EMBEDDING),
        ModelSpec(
            "embedding_attention",
            "Attention on embeddings",
            "scorelens.tagger.models.embedding_attention",
            ("attention",),
            EMBEDDING,
            uses_gpu=True,
            calibrated=True,
        ),
        ModelSpec("dnn_pca", "DNN on PCA of MFCC", _PCA_NETWORK, _NETWORK_SETTINGS, MFCC, True),
        _linear("year_alone", "Year alone", YEAR),
        _linear("loudness_alone", "Loudness alone", LOUDNESS),
        _linear("length_alone", "Album length alone", LENGTH),
        _linear("random_features", "Random features", NOISE, ("embedding",)),
    ]
)
# What each model takes as input: one of the names above, or nothing.
MODELS = {name: spec.inputs for name, spec in MODEL_SPECS.items()}
# Baselines ask whether a score is about the music: they have none, or no more than its level.
BASELINES = tuple(name for name, inputs in MODELS.items() if inputs not in (MFCC, MEL, EMBEDDING))
NETWORKS = tuple(name for name, spec in MODEL_SPECS.items() if spec.module == _NETWORKS)
WITH_CURVES = (*NETWORKS, "dnn_pca")  # trained from scratch, until a validation loss stops them
THESIS = ("dnn", "dnn_pca", "cnn", "cnn_ensemble")
TITLES = {RANDOM: "Random ranking"} | {name: spec.title for name, spec in MODEL_SPECS.items()}
