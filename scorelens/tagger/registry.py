"""The models of the tagger: names, titles, inputs, settings and modules.

A new model is a module in `tagger/models/` and an entry here, at the end: the position of a model
is part of its seed. Light: read when the workflow is parsed.
"""

from scorelens.learning.model_specs import ModelSpec, by_name

FREQUENCY, RANDOM = "frequency_ranking", "random_ranking"

_NETWORKS = "scorelens.tagger.models.networks"
_NETWORK_SETTINGS = ("tiles_per_track", "tiles_per_class", "network")


def _network(name: str, title: str, inputs: str, calibrated: bool = False) -> ModelSpec:
    return ModelSpec(name, title, _NETWORKS, _NETWORK_SETTINGS, inputs, True, calibrated)


MODEL_SPECS = by_name(
    [
        ModelSpec(FREQUENCY, "Ranking by frequency", "scorelens.tagger.models.frequency"),
        _network("dnn", "DNN on MFCC", "mfcc"),
        _network("cnn", "CNN on MFCC", "mfcc"),
        _network("cnn_ensemble", "Ensemble of CNNs on MFCC", "mfcc"),
        _network("mel_cnn", "CNN on log-mel", "mel", calibrated=True),
        ModelSpec(
            "embedding_linear",
            "Linear on embeddings",
            "scorelens.tagger.models.embedding_linear",
            inputs="embedding",
            calibrated=True,
        ),
        ModelSpec(
            "embedding_attention",
            "Attention on embeddings",
            "scorelens.tagger.models.embedding_attention",
            ("attention",),
            "embedding",
            uses_gpu=True,
            calibrated=True,
        ),
    ]
)
# What each model takes as input: `mfcc`, `mel`, `embedding`, or nothing.
MODELS = {name: spec.inputs for name, spec in MODEL_SPECS.items()}
NETWORKS = tuple(name for name, spec in MODEL_SPECS.items() if spec.module == _NETWORKS)
TITLES = {RANDOM: "Random ranking"} | {name: spec.title for name, spec in MODEL_SPECS.items()}
