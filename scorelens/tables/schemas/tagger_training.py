"""Schemas of the tagger's labels, of how its networks trained, and of its paired comparisons."""

from scorelens.tables.columns import Column, Table, share

MODEL = Column("model", "string", "the model")


def _year(name: str, meaning: str) -> Column:
    return Column(name, "float64", f"{meaning}; null if none has a year", nullable=True)


TAGGER_CURVES = Table(
    "tagger curves",
    "Losses of the tagger's networks from scratch in training. Empty for other models.",
    (
        Column(
            "fold",
            "int64",
            "number of the fold; null for the model of all films",
            low=0,
            nullable=True,
        ),
        Column("genre", "string", "the genre of a network of the ensemble; `all` for the others"),
        Column("epoch", "int64", "number of passes over the training tiles", low=1),
        Column(
            "training_loss", "float64", "mean over the epoch's batches, with dropout", "nats", 0
        ),
        Column(
            "validation_loss",
            "float64",
            "loss of the validation tiles, without dropout: cross-entropy of the class, all "
            "classes with the same weight; of `cnn_ensemble` and `mel_cnn` mean binary "
            "cross-entropy. Null without validation tiles",
            "nats",
            0,
            None,
            True,
        ),
        Column(
            "uniform_loss",
            "float64",
            "loss of a network that holds all classes, or yes and no, to be equally probable",
            "nats",
            0,
        ),
    ),
)

TAGGER_LOSSES = Table(
    "tagger losses",
    "Lowest validation loss of the tagger's networks from scratch, mean over folds and networks.",
    (
        MODEL,
        Column("networks", "int64", "networks of all folds", low=1),
        Column("epoch", "float64", "mean number of the epoch of the lowest validation loss", "", 1),
        Column("training_loss", "float64", "in that epoch, with dropout", "nats", 0),
        Column(
            "validation_loss",
            "float64",
            "mean of the lowest validation losses; null without validation tiles",
            "nats",
            0,
            None,
            True,
        ),
        Column(
            "validation_spread",
            "float64",
            "standard deviation over the folds",
            "nats",
            0,
            None,
            True,
        ),
        Column("uniform_loss", "float64", "loss of equal probabilities", "nats", 0),
    ),
)

TAGGER_LABELS = Table(
    "tagger labels",
    "The genres of the films that have tiles, and their years.",
    (
        Column("genre", "string", "a genre of `tagger.genres`; `all` for the films of any"),
        Column("is_used", "bool", "whether enough tracks and films carry it to be a tag"),
        Column("films", "int64", "films with the genre", low=0),
        Column("tracks", "int64", "their tracks", low=0),
        Column("tiles", "int64", "the tiles of these", low=0),
        Column("films_alone", "int64", "films with no other of these genres", low=0),
        Column(
            "genres_per_film",
            "float64",
            "mean number of these genres that the films carry, this one included",
            low=0,
            nullable=True,
        ),
        _year("first_year", "earliest year of these films"),
        _year("low_year", "lower quartile of the years"),
        _year("median_year", "median of the years"),
        _year("high_year", "upper quartile of the years"),
        _year("last_year", "latest year of these films"),
    ),
)

TAGGER_LABEL_PAIRS = Table(
    "tagger label pairs",
    "How often two genres are of one film: each pair in both orders, genres without a film left "
    "out.",
    (
        Column("genre", "string", "a genre"),
        Column("other", "string", "another genre"),
        Column("films", "int64", "films with both", low=0),
        Column("tracks", "int64", "their tracks", low=0),
        share("share", "of the films of `genre`"),
        Column(
            "expected_films", "float64", "films with both if the genres were independent", "", 0
        ),
    ),
)

TAGGER_COMPARISONS = Table(
    "tagger comparisons",
    "Paired comparisons of the tagger's models on the same held-out tracks, each film with the "
    "same weight.",
    (
        Column(
            "measure",
            "string",
            "`coverage_error` (low is good) or `label_ranking_average_precision`",
        ),
        MODEL,
        Column("other_model", "string", "the model that it is compared with"),
        Column("films", "int64", "films with predictions by both", low=1),
        Column("difference", "float64", "the measure of the first less that of the second"),
        Column("low", "float64", "2.5% bound, bootstrap over films or their groups"),
        Column("high", "float64", "97.5% bound"),
        share("p", "two-sided p-value, approximate randomisation over films or their groups"),
        share("p_holm", "p-value corrected over all pairs of the measure (Holm)"),
    ),
)
