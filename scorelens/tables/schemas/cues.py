"""Schemas of the cues of a film, their true positions, scores and calibration."""

from scorelens.tables.columns import (
    CUE_ID,
    FILM_ID,
    TRACK_ID,
    Column,
    Table,
    error_seconds,
    seconds,
    share,
    texts,
)

CUES = Table(
    "cues",
    "Which album track plays when in a film.",
    (
        FILM_ID,
        CUE_ID,
        TRACK_ID,
        seconds("film_start_s", "start of the cue in the film"),
        seconds("film_end_s", "end of the cue in the film"),
        seconds("track_start_s", "where in the track the cue starts"),
        Column(
            "equal_starts_s",
            "list<float64>",
            "other places of the track that fit as well",
            "s",
            decimals=2,
        ),
        texts("shared_tracks", "other tracks that fit as well, best first"),
        Column("speed", "float64", "track seconds that pass in one film second", "", 0.5, 2),
        Column(
            "score", "float64", "evidence: landmark matches above chance on the cue's line", low=0
        ),
        share("confidence", "how sure the match is, 0 to 1"),
    ),
)

TRUTH = Table(
    "truth",
    "The cues that the film assembler mixed into a film.",
    (
        FILM_ID,
        Column("track_id", "string", "the track; for a decoy its source"),
        seconds("film_start_s", "start of the cue in the film"),
        seconds("film_end_s", "end of the cue in the film"),
        seconds("track_start_s", "where in the track the cue starts"),
        Column("snr_db", "float64", "music against the rest, mean power over the cue", "dB"),
        Column("decoy", "bool", "music that is on no album of this film"),
    ),
)

CUE_SCORES = Table(
    "cue scores",
    "Predicted cues against the truth.",
    (
        Column("group", "string", "`all`, `film` or `snr`"),
        Column("value", "string", "the film, or the signal-to-noise ratio in dB"),
        share("time_precision", "share of predicted track seconds that are right", True),
        share("time_recall", "share of true track seconds that were found", True),
        share("time_f1", "harmonic mean of the two", True),
        share("cue_precision", "share of predicted cues that lie by half on a true one", True),
        share("cue_recall", "share of true cues that a right prediction touches", True),
        Column("true_s", "int64", "seconds of album music in the truth", "s", 0),
        Column("true_cues", "int64", "cues of album music in the truth", low=0),
        Column("predicted_cues", "int64", "cues predicted", low=0),
        Column("decoy_s", "int64", "seconds of decoy music claimed for a track", "s", 0),
        error_seconds("boundary_error_s", "median distance of edges of right cues"),
        error_seconds("boundary_error_90_s", "90th percentile of the same"),
        error_seconds("offset_error_s", "median error of the place in the track"),
        share(
            "placed", "share of right cues at the true place in the track, or that state it", True
        ),
    ),
)

CUE_CONFIDENCE = Table(
    "cue confidence",
    "Whether the confidence of the cues is what it says: right cues by confidence.",
    (
        share("confidence_low", "lower bound of the bin"),
        share("confidence_high", "upper bound of the bin"),
        Column("cues", "int64", "cues of all films in the bin", low=0),
        share("confidence", "their mean confidence", True),
        share("right", "share of them that are right", True),
        share("right_low", "95% interval of the share (Wilson), lower bound", True),
        share("right_high", "upper bound", True),
        share("cue_precision", "precision of all cues at or above the lower bound", True),
        share("cue_recall", "share of true cues that those find", True),
    ),
)
