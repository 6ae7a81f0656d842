"""Schemas of the cues of a film, their true positions, scores and calibration."""

from scorelens.tables.columns import (
    CUE_ID,
    FILM_ID,
    TIME_S,
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
    "When album tracks play in a film.",
    (
        FILM_ID,
        CUE_ID,
        TRACK_ID,
        seconds("film_start_s", "start of the cue in the film"),
        seconds("film_end_s", "end of the cue in the film"),
        seconds("track_start_s", "start of the cue in the track"),
        Column(
            "equal_starts_s",
            "list<float64>",
            "other positions in the track that fit equally well",
            "s",
            decimals=2,
        ),
        texts("shared_tracks", "other tracks that fit equally well, best first"),
        Column("speed", "float64", "track seconds per film second", "", 0.5, 2),
        Column(
            "tempo",
            "float64",
            "tempo of the music in the film to that on the album: the same number as `speed`;"
            " whether the pitch changed with it is in `pitch_semitones`",
            "",
            0.5,
            2,
        ),
        Column(
            "pitch_semitones", "float64", "how much higher the film plays the track", "semitones"
        ),
        Column(
            "score",
            "float64",
            "evidence: landmark matches of the cue's alignment above chance, nats; missing where a "
            "person named the track",
            low=0,
            nullable=True,
        ),
        share(
            "confidence",
            "probability that the match is right, calibrated; 1 where a person named the track",
        ),
        Column(
            "verdict",
            "string",
            "what a person decided: `right`, `changed` (edges or track), `missed` (the cue was "
            "added); empty if nobody checked the cue. Wrong cues are absent",
        ),
    ),
)

_RATIO = "power of the music to that of everything else, -30..30"

CUE_LEVELS = Table(
    "cue levels",
    "How loud the music of a cue is, and everything else in the film: one row a second of a cue. "
    "Levels are the mean square of the samples of a channel, summed over the channels but that of "
    "bass effects, from 50 Hz to 7.9 kHz.",
    (
        FILM_ID,
        CUE_ID,
        TIME_S,
        Column("music_db", "float64", "level of the music of the cue", "dB of full scale", -100),
        Column("rest_db", "float64", "level of all other sound", "dB of full scale", -100),
        Column("music_to_rest_db", "float64", _RATIO, "dB", -30, 30),
        Column("is_foreground", "bool", "whether the music is as loud as the rest, or louder"),
    ),
)

CUE_ROLES = Table(
    "cue roles",
    "How loud the music of each cue is, and whether somebody speaks.",
    (
        FILM_ID,
        CUE_ID,
        TRACK_ID,
        seconds("film_start_s", "start of the cue in the film"),
        seconds("film_end_s", "end of the cue in the film"),
        Column("level_db", "float64", "level of the music: mean power", "dB of full scale", -100),
        Column("music_to_rest_db", "float64", f"over the whole cue: {_RATIO}", "dB", -30, 30),
        share("foreground_share", "share of the seconds in which the music is in the foreground"),
        Column("role", "string", "`foreground` from a share of one half on, or `background`"),
        share(
            "dialogue_overlap",
            "share of the cue with speech; null without the detector of stage `music`",
            True,
        ),
    ),
)

TRUTH = Table(
    "truth",
    "The true cues of a film of the demo corpus.",
    (
        FILM_ID,
        Column("track_id", "string", "the track; for a decoy its source"),
        seconds("film_start_s", "start of the cue in the film"),
        seconds("film_end_s", "end of the cue in the film"),
        seconds("track_start_s", "start of the cue in the track"),
        Column(
            "snr_db", "float64", "signal-to-noise ratio: mean power of the music to the rest", "dB"
        ),
        Column("decoy", "bool", "whether the music is on no album of the film"),
    ),
)

CUE_SCORES = Table(
    "cue scores",
    "Predicted cues against the truth.",
    (
        Column(
            "group",
            "string",
            "`all`, `film` or `snr`: the cues of the matcher; `corrected_all` and "
            "`corrected_film`: the same after the corrections, of all films and of each corrected",
        ),
        Column("value", "string", "the film, or the signal-to-noise ratio in dB"),
        share("time_precision", "share of predicted track seconds that are correct", True),
        share("time_recall", "share of true track seconds that are predicted", True),
        share("time_f1", "F1 of the two", True),
        share(
            "cue_precision",
            "share of predicted cues half or more on a true cue",
            True,
        ),
        share("cue_recall", "share of true cues that a correct prediction overlaps", True),
        Column("true_s", "int64", "seconds of album music in the truth", "s", 0),
        Column("true_cues", "int64", "cues of album music in the truth", low=0),
        Column("predicted_cues", "int64", "cues predicted", low=0),
        Column("decoy_s", "int64", "seconds of decoy music predicted as a track", "s", 0),
        error_seconds("boundary_error_s", "median error of the boundaries of correct cues"),
        error_seconds("boundary_error_90_s", "90th percentile of the boundary error"),
        error_seconds("offset_error_s", "median error of the position in the track"),
        share(
            "placed",
            "share of correct cues with the true position in the track, or in `equal_starts_s`",
            True,
        ),
    ),
)

CUE_CONFIDENCE = Table(
    "cue confidence",
    "Calibration of the confidence of the cues: correct cues by confidence.",
    (
        share("confidence_low", "lower bound of the bin"),
        share("confidence_high", "upper bound of the bin"),
        Column("cues", "int64", "cues of all films in the bin", low=0),
        share("confidence", "mean confidence of the cues in the bin", True),
        share("right", "share of the cues that are correct", True),
        share("right_low", "95% interval of the share (Wilson), lower bound", True),
        share("right_high", "upper bound", True),
        share("cue_precision", "precision of all cues at or above the lower bound", True),
        share("cue_recall", "recall of the same cues", True),
    ),
)
