"""The models of trailers: names, titles, modalities, settings and modules.

A new model is a module in `trailers/model/` and an entry here, at the end: the position of a model
is part of its seed. Light: read when the workflow is parsed.
"""

from scorelens.learning.model_specs import ModelSpec, by_name

PICTURE, SOUND, BOTH = "picture", "sound", "both"
FREQUENCY, FUSION = "frequency", "fusion"
YEAR, LOUDNESS, LENGTH = "year", "loudness", "length"
# What the training of a model reads beside the table of trailers (`model_inputs`).
SAMPLES, SAMPLE_TABLES, VECTORS, MAPS = "samples", "sample_tables", "vectors", "maps"
NOTHING = "nothing"

_NETWORKS = "scorelens.trailers.model.networks"
_LINEAR = "scorelens.trailers.model.linear"
_ATTENTION = "scorelens.trailers.model.attention"
_VALUE = "scorelens.trailers.model.single_value"


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
        _network("frame_map_cnn", "CNN on feature maps", PICTURE),
        ModelSpec(YEAR, "Year alone", _VALUE, inputs=YEAR),
        ModelSpec(LOUDNESS, "Loudness alone", _VALUE, inputs=LOUDNESS),
        ModelSpec(LENGTH, "Length alone", _VALUE, inputs=LENGTH),
        ModelSpec("frame_random", "Random values for frames", _LINEAR, inputs=PICTURE),
        ModelSpec("sound_random", "Random values for sound", _LINEAR, inputs=SOUND),
    ]
)
# What a model must exceed before it predicts genre; none of them represents a modality.
RANDOM = ("frame_random", "sound_random")  # instead of the embeddings of a network
SINGLE_VALUES = (YEAR, LOUDNESS, LENGTH)
BASELINES = (FREQUENCY, *SINGLE_VALUES, *RANDOM)
# The modality of each model: PICTURE, SOUND or BOTH; empty for a baseline.
MODELS = {name: "" if name in BASELINES else spec.inputs for name, spec in MODEL_SPECS.items()}
TITLES = {name: spec.title for name, spec in MODEL_SPECS.items()}


def _of_modules(*modules: str) -> tuple[str, ...]:
    return tuple(name for name, spec in MODEL_SPECS.items() if spec.module in modules)


MAPPED = ("frame_map_cnn",)  # on the feature maps of each network of frames that gives them
NETWORKS = tuple(name for name in _of_modules(_NETWORKS) if name not in MAPPED)  # from scratch
ATTENTIVE = _of_modules(_ATTENTION)
# On the embeddings of each network of their modality.
FROZEN = tuple(name for name in _of_modules(_LINEAR, _ATTENTION) if name not in RANDOM)
FUSED = ATTENTIVE  # the models that the fusion needs
# Which model represents a modality in comparisons: the first there is, whatever its scores.
PREFERRED = {
    PICTURE: ("frame_attention", "frame_linear", "frame_map_cnn", "frame_cnn"),
    SOUND: ("sound_attention", "sound_linear", "window_cnn"),
    BOTH: (FUSION,),
}


def model_inputs(model: str) -> str:
    """What the training of a model reads beside the table of trailers.

    Parameters
    ----------
    model : str
        A name of MODELS, not the fusion.

    Returns
    -------
    str
        SAMPLES (frames and sound), SAMPLE_TABLES (of TRAILER_SAMPLES), VECTORS or MAPS (of a
        pretrained network), or NOTHING.
    """
    if model in NETWORKS:
        return SAMPLES
    if model in (LOUDNESS, LENGTH):
        return SAMPLE_TABLES
    if model in MAPPED:
        return MAPS
    return VECTORS if model in FROZEN + RANDOM else NOTHING
