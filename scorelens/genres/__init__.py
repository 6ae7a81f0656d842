"""Multiple-instance genre models: each film is a bag, each of its cues an instance.

Every model is trained once for each film, with that film held out (Ma et al. 2021, "Models").
Light: what needs numpy or torch is imported when it is used.
"""

import lazy_loader

RANDOM_GUESS = "random_guess"
NO_FEATURES = "none"  # the feature set of the baselines
WHOLE_TRACKS = "_tracks"  # in the name of a set whose instances are tracks of the album, not cues

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "registry": ["BASELINES", "CONFOUNDS", "MODELS", "MODEL_SPECS", "NETWORKS", "title"],
        "model.folds": ["predict_bags"],
    },
)
__all__ += ["NO_FEATURES", "RANDOM_GUESS", "WHOLE_TRACKS"]
