"""The models of trailers: names, titles, modalities, settings and modules.

A new model is a module in `trailers/model/` and an entry here, at the end: the position of a model
is part of its seed. Light: read when the workflow is parsed.
"""

from scorelens.learning.model_specs import ModelSpec, by_name

PICTURE, SOUND, BOTH = "picture", "sound", "both"
FREQUENCY, FUSION = "frequency", "fusion"

_NETWORKS = "scorelens.trailers.model.networks"
_LINEAR = "scorelens.trailers.model.linear"
_ATTENTION = "scorelens.trailers.model.attention"


def _network(name: str, title: str, modality: str) -> ModelSpec:
    return ModelSpec(name, title, _NETWORKS, ("network",), modality, uses_gpu=True)


def _attention(name: str, title: str, modality: str) -> ModelSpec:
    return ModelSpec(name, title, _ATTENTION, ("attention",), modality, uses_gpu=True)


MODEL_SPECS = by_name(
    [
        ModelSpec(FREQUENCY, "Frequency of the genre", "scorelens.trailers.model.train"),
        _network("frame_cnn", "CNN on frames", PICTURE),
        ModelSpec("frame_linear", "Linear on frames", _LINEAR, inputs=PICTURE),
        _attention("frame_attention", "Attention over frames", PICTURE),
        _network("window_cnn", "CNN on log-mel", SOUND),
        ModelSpec("sound_linear", "Linear on sound", _LINEAR, inputs=SOUND),
        _attention("sound_attention", "Attention over sound", SOUND),
        ModelSpec(
            FUSION, "Picture and sound fused", "scorelens.trailers.model.fusion", inputs=BOTH
        ),
    ]
)
# What each model takes as input: PICTURE, SOUND, BOTH, or nothing.
MODELS = {name: spec.inputs for name, spec in MODEL_SPECS.items()}
TITLES = {name: spec.title for name, spec in MODEL_SPECS.items()}


def _of_modules(*modules: str) -> tuple[str, ...]:
    return tuple(name for name, spec in MODEL_SPECS.items() if spec.module in modules)


NETWORKS = _of_modules(_NETWORKS)  # trained from scratch
ATTENTIVE = _of_modules(_ATTENTION)
FROZEN = _of_modules(_LINEAR, _ATTENTION)  # on the embeddings of each network of their modality
FUSED = ATTENTIVE  # the models that the fusion needs
# Which model represents a modality in comparisons: the first there is, whatever its scores.
PREFERRED = {
    PICTURE: ("frame_attention", "frame_linear", "frame_cnn"),
    SOUND: ("sound_attention", "sound_linear", "window_cnn"),
    BOTH: (FUSION,),
}
