"""Trailers: does the picture or the sound give the genre away?

Frames and sound of trailers, what frozen networks say of them, and models that name the genres by
the one, the other, or both. This module is light: it is imported when the workflow is parsed.
"""

from collections.abc import Collection

# What looks at frames and what listens, by the networks' names in `scorelens.weights`.
EYES = ("efficientnet_lite0", "vit", "vgg16")
EARS = ("musicnn", "vggish", "yamnet")

PICTURE, SOUND, BOTH = "picture", "sound", "both"
FREQUENCY, FUSION = "frequency", "fusion"
# The arm of each model: what it sees or hears of a trailer, if anything.
MODELS = {
    FREQUENCY: "",
    "frame_cnn": PICTURE,
    "frame_linear": PICTURE,
    "frame_attention": PICTURE,
    "window_cnn": SOUND,
    "sound_linear": SOUND,
    "sound_attention": SOUND,
    FUSION: BOTH,
}
# Networks from scratch, and which of the tagger's architectures each has.
NETWORKS = {"frame_cnn": "frame_cnn", "window_cnn": "mel_cnn"}
ATTENTIVE = ("frame_attention", "sound_attention")
FUSED = ATTENTIVE  # the models that the fusion needs
# Which model stands for an arm where arms are compared: the first there is, whatever its scores.
PREFERRED = {
    PICTURE: ("frame_attention", "frame_linear", "frame_cnn"),
    SOUND: ("sound_attention", "sound_linear", "window_cnn"),
    BOTH: (FUSION,),
}
TITLES = {
    FREQUENCY: "Frequency of the genre",
    "frame_cnn": "CNN on frames",
    "frame_linear": "Linear on frames",
    "frame_attention": "Attention over frames",
    "window_cnn": "CNN on log-mel",
    "sound_linear": "Linear on sound",
    "sound_attention": "Attention over sound",
    FUSION: "Picture and sound fused",
}
HELD_OUT, TEACHING = "held_out", "teaching"  # parts of the answers of a fold
TUNED = "tuned"  # in place of a threshold: each genre's own, found where the model learnt


def arm_model(arm: str, models: Collection[str]) -> str | None:
    """The model that stands for an arm, of those there are; None without any."""
    return next((model for model in PREFERRED[arm] if model in models), None)
