"""Retrieval: find the tracks that fit a film, a plot, a picture, a scene or another track.

Films and tracks are embedded in one space, in which a film is near its own music. A configuration
is the parts of a film that a model uses. Light imports only: the package is imported when the
workflow is parsed.

References
----------
Wang, Kim, Chen, Kim and McAuley, soundtrack retrieval for film production ("the paper").
"""

RATE_HZ = 22_050
FRAGMENT_S = 9.92  # length of a fragment of a track
FRAGMENT = round(FRAGMENT_S * RATE_HZ)  # samples
WINDOW, HOP = 1024, 512  # samples of a frame, and between frames
FRAMES = (FRAGMENT - WINDOW) // HOP + 1  # frames of a fragment: 426
BANDS = 128  # mel bands
EMBEDDING_SIZE = 64  # dimensions of the space of films and tracks

BASELINE, AVCA = "baseline", "avca"
AVCA_MARGIN = 1.0  # of the triplet loss, as published
# Parts of a film that each configuration uses.
CONFIGURATIONS = {
    "image": ("image",),
    "plot": ("plot",),
    "tags": ("tags",),
    "image_plot": ("image", "plot"),
    "image_tags": ("image", "tags"),
    "tags_plot": ("tags", "plot"),
    "all": ("image", "tags", "plot"),
    BASELINE: ("image", "tags", "plot"),
    AVCA: ("image", "tags", "plot"),
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
    AVCA: "AVCA (cross-attention, triplet loss)",
}
# What a result must exceed before it is about the content of films and music. `year` ranks by the
# distance of release years; `loudness` and `album_length` by that from a value that is predicted
# from the film; `random_features` is the primary model trained on random vectors of tracks.
YEAR, LOUDNESS, ALBUM_LENGTH = "year", "loudness", "album_length"
RANDOM_FEATURES = "random_features"
BASELINES = {
    YEAR: "Year alone",
    LOUDNESS: "Loudness alone",
    ALBUM_LENGTH: "Album length alone",
    RANDOM_FEATURES: "Random features",
}
UNTRAINED = (YEAR, LOUDNESS, ALBUM_LENGTH)


def all_parts(configuration: str) -> str:
    """All parts that a configuration uses, as in the column `seen` of the tables.

    Parameters
    ----------
    configuration : str
        A name of CONFIGURATIONS.

    Returns
    -------
    str
        Parts joined by `+`.

    Examples
    --------
    >>> all_parts("image_tags")
    'image+tags'
    """
    return "+".join(CONFIGURATIONS[configuration])


def title(system: str) -> str:
    """The name of a model or a baseline in figures and pages.

    Parameters
    ----------
    system : str
        A name of CONFIGURATIONS or BASELINES.

    Returns
    -------
    str

    Examples
    --------
    >>> title("plot"), title("year")
    ('Plot', 'Year alone')
    """
    return (TITLES | BASELINES)[system]


def uses_image(configuration: str) -> bool:
    """Whether a configuration uses the image of a film.

    Parameters
    ----------
    configuration : str
        A name of CONFIGURATIONS.

    Returns
    -------
    bool
        True if it does.
    """
    return "image" in CONFIGURATIONS[configuration]


def text_segment(configuration: str) -> str:
    """The text that a configuration uses.

    Parameters
    ----------
    configuration : str
        A name of CONFIGURATIONS.

    Returns
    -------
    str
        `tags`, `plot`, both as `tags_plot`, or empty.

    Examples
    --------
    >>> text_segment("all"), text_segment("image")
    ('tags_plot', '')
    """
    return "_".join(part for part in CONFIGURATIONS[configuration] if part != "image")
