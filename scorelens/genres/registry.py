"""The genre models: names, titles, settings and modules.

A new classifier is a module such as `genres/model/svm.py` and an entry in CLASSIFIERS; a new
network is a pooling in `learning/mil_pooling.py` and an entry in MODEL_SPECS. Light: read when the
workflow is parsed.
"""

from scorelens.learning.model_specs import ModelSpec, by_name

FILM_MEANS = "film means"  # Simple MI: a film is the mean of its cues
CUES = "cues"  # IMV: every cue votes
BAGS = "bags"  # a network pools the cues of a film
# What baselines know instead of the music (`model.confounds`).
YEAR, LOUDNESS, LENGTH, NOISE = "year", "loudness", "length", "noise"

_BASELINE = "scorelens.genres.model.baselines"
_NETWORK = "scorelens.learning.mil_folds"
_VALUE = "scorelens.genres.model.single_value"
_LOGISTIC = "scorelens.genres.model.logistic_regression"


def _classifier(name: str, title: str, module: str, block: str) -> list[ModelSpec]:
    """The two models of a classifier: on film means and on cues."""
    return [
        ModelSpec(f"simple_mi_{name}", f"Simple MI {title}", module, (block,), FILM_MEANS),
        ModelSpec(f"imv_{name}", f"IMV {title}", module, (block,), CUES),
    ]


def _network(name: str, title: str) -> ModelSpec:
    return ModelSpec(name, title, _NETWORK, ("network",), BAGS, uses_gpu=True)


# The names of modules are whole, so that `code_hash` finds them.
CLASSIFIERS = [
    _classifier("random_forest", "random forest", "scorelens.genres.model.random_forest", "forest"),
    _classifier("svm", "SVM", "scorelens.genres.model.svm", "svm"),
    _classifier("knn", "kNN", "scorelens.genres.model.knn", "knn"),
    _classifier("logistic_regression", "logistic regression", _LOGISTIC, "logistic"),
]
MODEL_SPECS = by_name(
    [
        ModelSpec("random_guess", "Random guess", _BASELINE),
        ModelSpec("plurality", "Plurality", _BASELINE),
        *(simple for simple, _ in CLASSIFIERS),
        *(votes for _, votes in CLASSIFIERS),
        _network("max_pooling", "Max pooling"),
        _network("average_pooling", "Average pooling"),
        _network("linear_softmax", "Linear softmax"),
        _network("single_attention", "Single attention"),
        _network("multi_attention", "Multi attention"),
        _network("feature_attention", "Feature attention"),
        ModelSpec("year_alone", "Year alone", _VALUE, inputs=YEAR),
        ModelSpec("loudness_alone", "Loudness alone", _VALUE, inputs=LOUDNESS),
        ModelSpec("length_alone", "Album length alone", _VALUE, inputs=LENGTH),
        ModelSpec("random_features", "Random features", _LOGISTIC, ("logistic",), NOISE),
    ]
)
# Each model and the block of the configuration that sets it.
MODELS = {name: next(iter(spec.settings), None) for name, spec in MODEL_SPECS.items()}
# Baselines test whether a score is about the music: they have none, or no more than its level.
BASELINES = tuple(
    name for name, spec in MODEL_SPECS.items() if spec.inputs not in (FILM_MEANS, CUES, BAGS)
)
CONFOUNDS = tuple(name for name in BASELINES if MODEL_SPECS[name].inputs)
NETWORKS = tuple(name for name, spec in MODEL_SPECS.items() if spec.inputs == BAGS)


def title(model: str) -> str:
    """Return a model's name as a reader writes it.

    Parameters
    ----------
    model : str
        A name of MODEL_SPECS.

    Returns
    -------
    str
        The title.

    Examples
    --------
    >>> title("simple_mi_svm")
    'Simple MI SVM'
    """
    return MODEL_SPECS[model].title
