"""The tagger: which film genres does a track suggest?

Stone's thesis on a bagged ensemble of convolutional networks for film score genre labelling, and
further networks beside it. A track is cut in tiles; a model predicts the genres of every tile, and
the tags of a track are pooled from those of its tiles. Light: what needs numpy or torch is imported
when it is used.
"""

import lazy_loader

RATE_HZ = 22_050
HOP = 2048  # samples from frame to frame, and length of a frame
FRAMES = 100  # of a tile
TILE_S = FRAMES * HOP / RATE_HZ  # 9.29 s
BANDS = 128  # mel bands of a tile
COEFFICIENTS = 40  # MFCCs of a tile, without coefficient 0, which is its level

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "registry": [
            "BASELINES",
            "FREQUENCY",
            "MODELS",
            "MODEL_SPECS",
            "NETWORKS",
            "RANDOM",
            "THESIS",
            "TITLES",
            "WITH_CURVES",
        ]
    },
)
__all__ += ["BANDS", "COEFFICIENTS", "FRAMES", "HOP", "RATE_HZ", "TILE_S"]
