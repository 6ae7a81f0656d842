"""Multiple-instance genre models: each film is a bag, each of its cues an instance.

Every model is trained once a film, with that film left out (Ma et al. 2021, "Models"). This module
holds the names alone, so that the workflow reads them without loading numpy or torch.
"""

# Each model and the block of the configuration that sets it.
MODELS: dict[str, str | None] = {
    "random_guess": None,
    "plurality": None,
    "simple_mi_random_forest": "forest",
    "simple_mi_svm": "svm",
    "simple_mi_knn": "knn",
    "simple_mi_logistic_regression": "logistic",
    "imv_random_forest": "forest",
    "imv_svm": "svm",
    "imv_knn": "knn",
    "imv_logistic_regression": "logistic",
    "max_pooling": "network",
    "average_pooling": "network",
    "linear_softmax": "network",
    "single_attention": "network",
    "multi_attention": "network",
    "feature_attention": "network",
}

BASELINES = tuple(model for model, block in MODELS.items() if block is None)
NETWORKS = tuple(model for model, block in MODELS.items() if block == "network")
RANDOM_GUESS = "random_guess"
NO_FEATURES = "none"  # the feature set of the baselines
THRESHOLD = 0.5  # a probability above it says yes; at it, a tied vote, no

_WRITTEN = {"mi": "MI", "imv": "IMV", "svm": "SVM", "knn": "kNN"}


def title(model: str) -> str:
    """A model's name as a reader writes it: `simple_mi_svm` is "Simple MI SVM"."""
    words = " ".join(_WRITTEN.get(word, word) for word in model.split("_"))
    return words[0].upper() + words[1:]
