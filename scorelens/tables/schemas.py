"""Every table that crosses a stage: its columns, declared once.

Times are float64 seconds from the start of the film's first frame unless a column says otherwise.
Ids are slugs of `[a-z0-9_]+`. A missing value of a nullable column is a null (Parquet) or an empty
field (TSV), never NaN.
"""

from scorelens.tables.columns import (
    ALBUM_ID,
    CUE_ID,
    FILM_ID,
    TIME_S,
    TRACK_ID,
    TRACK_TAGS,
    Column,
    Table,
    error_seconds,
    identifier,
    seconds,
    share,
)
from scorelens.tables.model_schemas import (
    GENRE_ANSWERS,
    GENRE_APPLIED,
    GENRE_COMPARISONS,
    GENRE_CUES,
    GENRE_CURVES,
    GENRE_SCORES,
    IMPORTANCE,
    MODES,
    PREDICTIONS,
)
from scorelens.tables.retrieval_schemas import (
    RETRIEVAL_ANSWERS,
    RETRIEVAL_CURVES,
    RETRIEVAL_FILMS,
    RETRIEVAL_FRAGMENTS,
    RETRIEVAL_IMAGES,
    RETRIEVAL_INDEX,
    RETRIEVAL_LIBRARY,
    RETRIEVAL_PLACES,
    RETRIEVAL_RANKS,
    RETRIEVAL_SCENE_SCORES,
    RETRIEVAL_SCORES,
    RETRIEVAL_TEXTS,
    RETRIEVAL_TRACKS,
    SCENES,
)
from scorelens.tables.tagger_schemas import (
    TAGGER_ANSWERS,
    TAGGER_CONFUSIONS,
    TAGGER_LIBRARY,
    TAGGER_PROFILES,
    TAGGER_SCORES,
    TAGGER_TILES,
    TAGGER_TRACKS,
    TAGGER_VERDICTS,
)
from scorelens.tables.trailer_schemas import (
    TRAILER_ARMS,
    TRAILER_MODES,
    TRAILER_MOMENTS,
    TRAILER_PREDICTIONS,
    TRAILER_SAMPLES,
    TRAILER_SCENES,
    TRAILER_SCORES,
    TRAILER_VECTORS,
)

FILMS = Table(
    "films",
    "The films of the corpus that are used, one row each.",
    (
        FILM_ID,
        Column("title", "string", "title as the user wrote it"),
        Column("year", "int64", "year of release", nullable=True),
        Column("genres", "string", "genres, separated by semicolons"),
        seconds("duration_s", "running time; 0 of published features, which do not tell it"),
        Column("has_picture", "bool", "whether the film has moving pictures"),
        Column("tracks", "int64", "number of album tracks; 0 of published features", low=0),
    ),
)

_TRACK_COLUMNS = (
    TRACK_ID,
    Column("path", "string", "the audio file"),
    seconds("start_s", "where in the file the track starts; 0 of a file that is one track"),
    seconds("duration_s", "length of the track, of what is there"),
    Column("sample_rate_hz", "int64", "sample rate of the file", "Hz", 1),
    *TRACK_TAGS,
    Column("sha256", "string", "SHA-256 of the audio file"),
)

TRACKS = Table("tracks", "The album tracks of the corpus.", (FILM_ID, *_TRACK_COLUMNS))

ALBUM_TRACKS = Table(
    "album tracks",
    "The tracks of one album, whatever films it is the album of.",
    (ALBUM_ID, *_TRACK_COLUMNS),
)

ALBUM_STATUS = Table(
    "album status",
    "What list_corpus found in one album.",
    (
        ALBUM_ID,
        Column("problems", "string", "the problems, in full; empty if there are none"),
        Column("notes", "string", "what a user may want to know, such as files passed over"),
    ),
)

STATUS = Table(
    "status",
    "What check_corpus found, one row a film.",
    (
        FILM_ID,
        Column("status", "string", "`ok`, or `bad` if a problem keeps the film out"),
        Column("problems", "string", "the problems, in full; empty if there are none"),
        Column("notes", "string", "what a user may want to know, such as files passed over"),
        seconds("duration_s", "until the last sound or picture that is there; 0 if unknown"),
        Column("has_picture", "bool", "whether the film has moving pictures"),
        Column("tracks", "int64", "number of album tracks that can be read", low=0),
        Column("video_sha256", "string", "SHA-256 of the film's file; empty if it cannot be read"),
        Column("video_bytes", "int64", "size of the film's file; 0 if it cannot be read", "B", 0),
    ),
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
            "string",
            "other places of the track that fit as well, s, separated by semicolons",
        ),
        Column("shared_tracks", "string", "other tracks that fit as well, separated by semicolons"),
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

WEIGHTS = Table(
    "weights",
    "The pretrained networks, and which of them a run uses.",
    (
        identifier("network", "the network, also the name of its feature set"),
        Column("state", "string", "`used`, `not asked for`, or `left out` for want of its weights"),
        Column("reason", "string", "why it was left out and how to get it; else empty"),
        Column("source", "string", "where its files are published"),
        Column("sha256", "string", "SHA-256 of its published files"),
        Column("licence", "string", "licence of the weights"),
        Column("size_mb", "float64", "size of the published files", "MB", 0),
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

FEATURES = Table(
    "features",
    "Frame features of the cues of one film on its 1 Hz grid. In a set whose name ends in "
    "`_tracks`, of the whole tracks of its album: `cue_id` is the track, `time_s` counts in it. Of "
    "published features `time_s` counts in the cue: where it lies in the film is not known.",
    (FILM_ID, CUE_ID, TIME_S),
    features=True,
)

VISUALS = Table(
    "visuals",
    "Statistics of the picture, one row a second; no rows for a film without pictures.",
    (
        FILM_ID,
        TIME_S,
        Column("brightness", "float32", "mean BT.709 luma inside black bars", "", 0, 1),
        Column("contrast", "float32", "standard deviation of luma (RMS contrast)", "", 0, 0.5),
        Column("saturation", "float32", "mean HSV saturation", "", 0, 1),
        Column("colourfulness", "float32", "Hasler and Suesstrunk's M3 on RGB in 0..1", "", 0, 2),
        Column("aspect_ratio", "float32", "width to height of the picture inside bars", "", 0),
        Column("cuts", "int64", "cuts in the second; null by key frames", "", 0, None, True),
        Column(
            "shot_length_s",
            "float32",
            "length of the shot on screen in the middle of the second; null by key frames",
            "s",
            0,
            None,
            True,
        ),
        Column(
            "motion_energy",
            "float32",
            "mean absolute luma difference over a quarter second; null at cuts and by key frames",
            "",
            0,
            1,
            True,
        ),
    ),
)

BAGS = Table(
    "bags",
    "Cue-level instances of all films: the mean of each feature over the cue's frames.",
    (FILM_ID, CUE_ID, Column("n_frames", "int64", "frames in the cue", low=1)),
    features=True,
)

TABLES = (
    FILMS, TRACKS, ALBUM_TRACKS, ALBUM_STATUS, STATUS, CUES, TRUTH, CUE_SCORES, CUE_CONFIDENCE,
    WEIGHTS, FEATURES, VISUALS, BAGS, PREDICTIONS, GENRE_CUES, GENRE_CURVES,
    GENRE_APPLIED, GENRE_ANSWERS, GENRE_SCORES, GENRE_COMPARISONS, IMPORTANCE, MODES,
    TAGGER_TILES, TAGGER_TRACKS, TAGGER_SCORES, TAGGER_CONFUSIONS, TAGGER_VERDICTS,
    TAGGER_LIBRARY, TAGGER_ANSWERS, TAGGER_PROFILES,
    RETRIEVAL_FILMS, RETRIEVAL_TRACKS, RETRIEVAL_IMAGES, RETRIEVAL_TEXTS, RETRIEVAL_FRAGMENTS,
    RETRIEVAL_CURVES, RETRIEVAL_PLACES, RETRIEVAL_SCORES, RETRIEVAL_RANKS, SCENES,
    RETRIEVAL_SCENE_SCORES, RETRIEVAL_LIBRARY, RETRIEVAL_INDEX, RETRIEVAL_ANSWERS,
    TRAILER_SAMPLES, TRAILER_VECTORS, TRAILER_PREDICTIONS, TRAILER_MOMENTS, TRAILER_SCORES,
    TRAILER_ARMS, TRAILER_SCENES, TRAILER_MODES,
)  # fmt: skip
