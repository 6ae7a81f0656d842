"""The tagger: which film genres does a track say?

Stone's thesis on a bagged ensemble of convolutional networks for film score genre labelling, and
networks beside it that hear more. A track is cut in tiles; a model tags every tile, and a track's
tags are drawn from those of its tiles. This module is light: it is imported when the workflow is
parsed.
"""

RATE_HZ = 22_050
HOP = 2048  # samples from frame to frame, and length of a frame
FRAMES = 100  # of a tile
TILE_S = FRAMES * HOP / RATE_HZ  # 9.29 s
BANDS = 128  # mel bands of a tile
COEFFICIENTS = 40  # MFCCs of a tile, without the one that is its level

FREQUENCY, RANDOM = "frequency_ranking", "random_ranking"
# What each model looks at: a field of `tiles.Tiles`, or nothing.
MODELS = {
    FREQUENCY: "",
    "dnn": "mfcc",
    "cnn": "mfcc",
    "cnn_ensemble": "mfcc",
    "mel_cnn": "mel",
    "embedding_linear": "embedding",
    "embedding_attention": "embedding",
}
NETWORKS = ("dnn", "cnn", "cnn_ensemble", "mel_cnn")
TITLES = {
    RANDOM: "Random ranking",
    FREQUENCY: "Ranking by frequency",
    "dnn": "DNN on MFCC",
    "cnn": "CNN on MFCC",
    "cnn_ensemble": "Ensemble of CNNs on MFCC",
    "mel_cnn": "CNN on log-mel",
    "embedding_linear": "Linear on embeddings",
    "embedding_attention": "Attention on embeddings",
}
