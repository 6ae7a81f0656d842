"""Trailers: are genres predicted better from the picture or from the sound?

Frames and sound of trailers, their embeddings by pretrained networks, and models that predict the
genres from the one, the other, or both. Light: what needs numpy or torch is imported when it is
used.
"""

import lazy_loader

NO_NETWORK = "none"  # of a model that needs no pretrained network
HELD_OUT, TRAINING = "held_out", "training"  # parts of the predictions of a fold
TUNED = "tuned"  # in place of a threshold: each genre's own, found on the training trailers

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "registry": [
            "ATTENTIVE",
            "BASELINES",
            "BOTH",
            "FREQUENCY",
            "FROZEN",
            "FUSED",
            "FUSION",
            "MAPPED",
            "MAPS",
            "MODELS",
            "MODEL_SPECS",
            "NETWORKS",
            "PICTURE",
            "PREFERRED",
            "SAMPLES",
            "SAMPLE_TABLES",
            "SOUND",
            "TITLES",
            "VECTORS",
            "YEAR",
            "model_inputs",
        ],
        "model_runs": [
            "NEED_NETWORK",
            "Run",
            "batches",
            "modality_run",
            "networks_of",
            "primary_run",
            "runs",
            "title",
        ],
    },
)
__all__ += ["HELD_OUT", "NO_NETWORK", "TRAINING", "TUNED"]
