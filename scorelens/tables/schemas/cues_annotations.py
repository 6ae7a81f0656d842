"""Schemas of annotations of cues, of scores against them, and of the agreement of annotators."""

from scorelens.tables.columns import (
    FILM_ID,
    Column,
    Table,
    error_seconds,
    identifier,
    seconds,
    share,
)
from scorelens.tables.schemas.cues import CUE_CONFIDENCE

_REFERENCE = identifier(
    "reference", "the annotator, or `majority`: what more than half mark; or `corrections`"
)
_CUES = Column(
    "cues",
    "string",
    "what is scored: `matched` (the cues of the matcher) or `corrected` (the same, with corrected "
    "ones in their stead where there are any)",
)
_SCOPE = Column(
    "scope",
    "string",
    "what counts: `music` (any), `album` (music of the album), `track` (the right track)",
)
_PAIR = (
    identifier("first", "an annotator, or `all` for all annotators of a film together"),
    identifier("second", "another annotator, or `all`"),
    _SCOPE,
    Column(
        "measure",
        "string",
        "`same_s` (share of seconds with the same label), `kappa` (Cohen), `alpha` (Krippendorff, "
        "nominal), `f1` (of seconds), `edge_f1` (of starts and ends within 3 s)",
    ),
)


def _over_films(what: str) -> tuple[Column, ...]:
    return (
        Column("films", "int64", f"films with {what}", low=0),
        Column("mean", "float64", f"mean of {what} over the films", "", -1, None, True),
        Column("sd", "float64", "standard deviation over the films (n - 1)", "", 0, None, True),
        Column("low", "float64", "2.5% bound of the mean (Student's t)", "", -1, None, True),
        Column("high", "float64", "97.5% bound", "", -1, None, True),
    )


def _counts(*columns: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(
        Column(name, "int64", meaning, "s" if name.endswith("_s") else "", 0)
        for name, meaning in columns
    )


ANNOTATIONS = Table(
    "annotations",
    "Cues that people marked in the films, one row each.",
    (
        FILM_ID,
        identifier("annotator", "who marked it"),
        seconds("film_start_s", "start of the cue in the film"),
        seconds("film_end_s", "end of the cue in the film"),
        Column("track_id", "string", "the album track; empty if it is unknown or there is none"),
        Column("off_album", "bool", "whether the music is on no track of the album"),
    ),
)

ANNOTATORS = Table(
    "annotators",
    "Who annotated which film.",
    (
        FILM_ID,
        identifier("annotator", "by the name of the file"),
        Column("file", "string", "name of the file"),
        *_counts(("cues", "cues marked, overlapping ones of a track merged")),
        seconds("music_s", "time within cues"),
        seconds("duration_s", "running time of the film"),
    ),
)

ANNOTATION_FILM_SCORES = Table(
    "annotation film scores",
    "Predicted cues against the annotations of each film. In the scopes `music` and `album` a cue "
    "is a run of music, whatever the tracks. An annotation without tracks has no row `track`.",
    (
        FILM_ID,
        _CUES,
        _REFERENCE,
        _SCOPE,
        share("precision", "share of predicted seconds that are correct (1 s tolerance)", True),
        share("recall", "share of annotated seconds that are predicted", True),
        share("f1", "F1 of the two", True),
        share("cue_precision", "share of predicted cues half or more on an annotated cue", True),
        share("cue_recall", "share of annotated cues that a correct prediction overlaps", True),
        share("cue_f1", "F1 of the two", True),
        share("edge_precision", "share of predicted cues with both edges within 3 s", True),
        share("edge_recall", "share of annotated cues with both edges within 3 s", True),
        share("edge_f1", "F1 of the two", True),
        error_seconds("edge_error_s", "median error of the edges of correct cues"),
        error_seconds("edge_error_90_s", "90th percentile of the error"),
        *_counts(
            ("predicted_s", "seconds predicted, without `undecided_s`"),
            ("correct_s", "of these, correct ones"),
            ("true_s", "seconds annotated"),
            ("matched_s", "of these, predicted ones"),
            ("undecided_s", "seconds predicted where the annotation has music without a track"),
            ("predicted_cues", "cues predicted, without those half or more on such music"),
            ("correct_cues", "of these, correct ones"),
            ("true_cues", "cues annotated"),
            ("matched_cues", "of these, those that a correct prediction overlaps"),
            ("edge_hits", "pairs of a predicted and an annotated cue with both edges within 3 s"),
        ),
    ),
)

ANNOTATION_SCORES = Table(
    "annotation scores",
    "Predicted cues against annotations, over films.",
    (
        _CUES,
        _REFERENCE,
        _SCOPE,
        Column("measure", "string", "a column of the annotation film scores"),
        *_over_films("the measure"),
        share("pooled", "the measure of all films taken as one; not of edge errors", True),
    ),
)

ANNOTATION_FILM_AGREEMENT = Table(
    "annotation film agreement",
    "How annotators of a film agree, one measure a row.",
    (
        FILM_ID,
        *_PAIR,
        Column("value", "float64", "null where all have one label", "", -1, 1, True),
    ),
)

ANNOTATION_AGREEMENT = Table(
    "annotation agreement",
    "How annotators agree, over films.",
    (*_PAIR, *_over_films("a value")),
)

ANNOTATION_CONFIDENCE = Table(
    "annotation confidence",
    "Calibration of the confidence of the cues by annotations: correct cues by confidence.",
    (_SCOPE, *CUE_CONFIDENCE.columns),
)

CUE_CALIBRATION = Table(
    "cue calibration",
    "Calibration of the confidence of the cues, with 95% intervals (bootstrap over films).",
    (
        Column(
            "scope", "string", "what a correct cue has: `track` (the right one) or `album` music"
        ),
        *_counts(("films", "films with cues"), ("cues", "cues of these films")),
        share("confidence", "mean confidence", True),
        share("right", "share of the cues that are correct", True),
        share("brier", "mean squared difference of confidence and correctness", True),
        share("brier_low", "lower bound", True),
        share("brier_high", "upper bound", True),
        share("calibration_error", "expected calibration error over ten bins", True),
        share("calibration_error_low", "lower bound", True),
        share("calibration_error_high", "upper bound", True),
    ),
)
