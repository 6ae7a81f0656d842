"""Schemas of trailers: sampled frames and sound, predictions, scores. Times are in the trailer."""

from scorelens.tables.columns import (
    CUE_ID,
    FILM_ID,
    Column,
    Table,
    differences,
    identifier,
    seconds,
    share,
    texts,
)

TRAILER_ID = identifier("trailer_id", "the trailer")

TRAILER_SAMPLES = Table(
    "trailer samples",
    "The frames and the sound sampled from each trailer.",
    (
        TRAILER_ID,
        Column("frames", "int64", "frames that are used", low=0),
        Column("skipped", "int64", "black frames that are left out", low=0),
        seconds("sound_s", "length of the sound that is used"),
        Column(
            "note",
            "string",
            "what it lacks: `no picture`, `only black frames`, `picture ends at ...`, `no sound`, "
            "`silent`, or why it was skipped; null if it lacks nothing",
            nullable=True,
        ),
    ),
)

TRAILER_VECTORS = Table(
    "trailer vectors",
    "Embeddings of the frames of trailers, or of the windows of their sound, by a pretrained "
    "network (the further columns). Silent windows are left out.",
    (
        TRAILER_ID,
        Column(
            "number",
            "int64",
            "number of the frame in order of presentation, or of the window",
            low=0,
        ),
        seconds("time_s", "when the frame is shown, or the middle of the window"),
    ),
    features=True,
)

TITLE = Column("title", "string", "what the trailer is for; its trailers are held out together")
TRAILER_GROUPS = Table(
    "trailer groups",
    "The group of each title. Trailers of titles of one group are never on two sides of a split.",
    (
        TITLE,
        Column("group", "string", "the group, by its first title"),
        texts("films", "films of the corpus that are in the same group"),
    ),
)

TRAILER_GENRE = Column("genre", "string", "a genre")
RUN = (
    Column(
        "network",
        "string",
        "the pretrained network whose embeddings the model takes; `none` without one",
    ),
    Column("model", "string", "the model"),
)
PART = Column(
    "part",
    "string",
    "`held_out`: no model of the fold was trained on the trailer's title; `training`: one of the "
    "fold's models was not, and only it predicts the trailer, for thresholds and fusion",
)


def _modality(name: str, meaning: str) -> tuple[Column, ...]:
    """The columns of a modality: its run, and the average precision of that; null without one."""
    return (
        Column(f"{name}_network", "string", "what that model stands on, or `none`", nullable=True),
        Column(f"{name}_model", "string", f"the model that stands for {meaning}", nullable=True),
        share(name, f"average precision by {meaning}", True),
        share(f"{name}_low", "2.5% bound, samples of the titles", True),
        share(f"{name}_high", "97.5% bound", True),
    )


TRAILER_PREDICTIONS = Table(
    "trailer predictions",
    "Predictions for trailers whose titles are not in the training set of the model.",
    (
        *RUN,
        Column("fold", "int64", "number of the fold", low=0),
        PART,
        TRAILER_ID,
        TITLE,
        TRAILER_GENRE,
        share("probability", "predicted probability of the genre, calibrated in the fold"),
        share("threshold", "decision threshold of the genre in this fold"),
        Column("actual", "bool", "whether the trailer carries the genre"),
        Column(
            "seen",
            "bool",
            "whether the trailer has the input of the model; without it the probability is the "
            "frequency of the genre in the training trailers of the fold",
        ),
    ),
)

TRAILER_MOMENTS = Table(
    "trailer moments",
    "Predictions for the frames, or the windows of sound, of held-out trailers.",
    (
        *RUN,
        TRAILER_ID,
        seconds("time_s", "when the frame is shown, or the middle of the window, in the trailer"),
        TRAILER_GENRE,
        share("probability", "predicted probability of the genre from this frame or window alone"),
        share("weight", "weight in the prediction for the trailer; they sum to 1 over a trailer"),
    ),
)

TRAILER_SCORES = Table(
    "trailer scores",
    "How good the models of trailers are on titles they did not learn from, one score a row, with "
    "95% intervals (bootstrap over titles).",
    (
        *RUN,
        Column(
            "modality",
            "string",
            "`picture`, `sound`, `both`; null for the frequency",
            nullable=True,
        ),
        Column(
            "measure",
            "string",
            "`precision`, `recall`, `f1`, `average_precision`, or `top1_accuracy`: the share of "
            "trailers whose likeliest genre is one of theirs, which is how we read the source's "
            "accuracy; of the trailers that carry one of the genres, since no answer can be right "
            "of the others",
        ),
        Column(
            "threshold",
            "string",
            "decision threshold on the probability; `tuned` for one threshold a genre, tuned on "
            "the training trailers; null for a ranking",
            nullable=True,
        ),
        Column("genre", "string", "a genre; `macro` for their mean; `all` for top1_accuracy"),
        share("value", "the score, with the same weight for each title"),
        share("low", "2.5% bound"),
        share("high", "97.5% bound"),
        share(
            "chance",
            "mean of the score when titles, or groups of equally many, swap their genres at "
            "random; of average precision that of a random order of the titles",
        ),
        share("p", "how often it is then at least as good: (1 + k) / (1 + draws)"),
        share(
            "unit_value",
            "the score with the same weight for each trailer, so that titles with many weigh more: "
            "to compare with the literature, without interval or chance",
        ),
        Column(
            "support",
            "int64",
            "trailers that carry the genre; all of them for a mean, and all that carry one of the "
            "genres for top1_accuracy",
            low=0,
        ),
    ),
)

TRAILER_MODALITIES = Table(
    "trailer modalities",
    "Does the picture or the sound give the genre away? Average precision side by side.",
    (
        Column("genre", "string", "a genre; `macro` for their mean"),
        *_modality("picture", "the picture"),
        *_modality("sound", "the sound"),
        *_modality("both", "both, fused"),
        share(
            "chance",
            "average precision that a random order of the titles has in the mean, exactly: more "
            "than the share of the titles that carry the genre, by much if these are few",
        ),
        Column("difference", "float64", "picture less sound", "", -1, 1, True),
        Column("difference_low", "float64", "2.5% bound, the same samples", "", -1, 1, True),
        Column("difference_high", "float64", "97.5% bound", "", -1, 1, True),
        share(
            "p",
            "two-sided p of the difference: how often it is at least as large when titles, or "
            "groups of them, swap the predictions of the two modalities at random",
            True,
        ),
        share(
            "p_adjusted",
            "p by Benjamini and Hochberg over the genres; of `macro` p itself, as it is one test",
            True,
        ),
        Column("support", "int64", "trailers that carry the genre", "", 0),
    ),
)

TRAILER_SCENES = Table(
    "trailer scenes",
    "Probability of each genre for the scenes of films, by a model trained on the pictures of "
    "trailers of other titles.",
    (
        FILM_ID,
        CUE_ID,
        TRAILER_GENRE,
        share("probability", "of the genre by the picture alone, were it as frequent as not"),
    ),
)

FILMS_TO_TRAILERS = Table(
    "films to trailers",
    "Whether films of a genre resemble its trailers, for films with the genre by their labels or "
    "by a model of their music. The probability of a film is the mean over its scenes.",
    (
        Column("feature_set", "string", "the features of the model of music"),
        Column("model", "string", "the model of music that predicts"),
        Column("network", "string", "the pretrained network that embeds the pictures"),
        Column("genre", "string", "a genre that both films and trailers have"),
        Column(
            "labelling", "string", "which films count as the genre's, as in audiovisual_comparison"
        ),
        share("probability_with", "how much the genre's films look like it, median", True),
        share("probability_without", "how much the others do, median", True),
        *differences("the first less the second", "films that they are held against"),
    ),
)
