"""Retrieval: which track fits a film, a plot, a picture?

Wang, Kim, Chen, Kim and McAuley, soundtrack retrieval for film production ("the paper"). Films and
tracks become points of one space, in which a film's own music lies near. What a model sees of a
film is its configuration. This module is light: it is imported when the workflow is parsed.
"""

RATE_HZ = 22_050
FRAGMENT_S = 9.92  # of a track that is heard at a time
FRAGMENT = round(FRAGMENT_S * RATE_HZ)  # samples
WINDOW, HOP = 1024, 512  # samples of a frame, and from frame to frame
FRAMES = (FRAGMENT - WINDOW) // HOP + 1  # of a fragment: 426
BANDS = 128  # mel bands
EMBEDDING = 64  # values of a film or a track in the common space

BASELINE = "baseline"
# What each configuration sees of a film.
CONFIGURATIONS = {
    "image": ("image",),
    "plot": ("plot",),
    "tags": ("tags",),
    "image_plot": ("image", "plot"),
    "image_tags": ("image", "tags"),
    "tags_plot": ("tags", "plot"),
    "all": ("image", "tags", "plot"),
    BASELINE: ("image", "tags", "plot"),
}
TITLES = {
    "image": "Image",
    "plot": "Plot",
    "tags": "Tags",
    "image_plot": "Image and plot",
    "image_tags": "Image and tags",
    "tags_plot": "Tags and plot",
    "all": "Image, tags and plot",
    BASELINE: "Baseline (mean, triplet loss)",
}


def whole(configuration: str) -> str:
    """All that a configuration sees of a film, as the column `seen` of the tables has it."""
    return "+".join(CONFIGURATIONS[configuration])


def sees_image(configuration: str) -> bool:
    """Whether a configuration looks at a film's image."""
    return "image" in CONFIGURATIONS[configuration]


def text_segment(configuration: str) -> str:
    """The text that a configuration reads: `tags`, `plot`, both as `tags_plot`, or nothing."""
    return "_".join(part for part in CONFIGURATIONS[configuration] if part != "image")
