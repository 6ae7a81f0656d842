"""Schemas that all stages with probabilities share: their calibration on held-out data."""

from scorelens.tables.columns import Column, Table, share

MODEL = (
    Column("stage", "string", "`genres`, `tagger`, `trailers` or `cues`"),
    Column("features", "string", "the feature set or network that the model takes, or `none`"),
    Column("model", "string", "the model"),
    Column("level", "string", "what has the probability: `film`, `track`, `trailer` or `cue`"),
    Column("genre", "string", "a genre, or `all` for all of them in the same bins"),
)

CALIBRATION = Table(
    "calibration",
    "Whether probabilities are as often true as they say, on held-out data. Each film (or title) "
    "weighs the same; a score is the mean over training runs, with a bootstrap 95% interval over "
    "films, or over their groups. Intervals leave out that another training would differ.",
    (
        *MODEL,
        share("brier", "Brier score: mean squared distance of probability and label; low is good"),
        share("brier_low", "2.5% bound"),
        share("brier_high", "97.5% bound"),
        share("brier_frequency", "Brier score of the genre's frequency in the same films"),
        share(
            "calibration_error",
            "expected calibration error over ten bins of equal width: mean distance of predicted "
            "probability and share of true labels",
        ),
        share("calibration_error_low", "2.5% bound"),
        share("calibration_error_high", "97.5% bound"),
        share(
            "calibrated_error",
            "mean error of a perfectly calibrated model with these probabilities and so few films: "
            "what the error is to be compared with",
        ),
        share(
            "p",
            "how often the error of that model is at least as large: (1 + k) / (1 + draws); small "
            "if the probabilities are not calibrated",
        ),
        Column("units", "int64", "films, tracks, trailers or cues", low=1),
        Column("groups", "int64", "films or titles", low=1),
    ),
)

RELIABILITY = Table(
    "reliability",
    "Predicted probability and share of true labels in bins of the probability, on held-out data. "
    "Empty bins are left out.",
    (
        *MODEL,
        share("low", "lower bound of the bin"),
        share("high", "upper bound of the bin"),
        Column("units", "int64", "probabilities in the bin, of all training runs", low=1),
        Column("groups", "int64", "films or titles with one in the bin", low=1),
        share("weight", "share of the bin in all, with the same weight for each film"),
        share("probability", "mean predicted probability"),
        share("observed", "share of true labels"),
        share(
            "observed_low",
            "95% interval of the share (Wilson), as if each film were one observation, lower bound",
        ),
        share("observed_high", "upper bound"),
    ),
)
