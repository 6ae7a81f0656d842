"""Every table that crosses a stage: its columns, declared once.

Times are float64 seconds from the start of the film's first frame unless a column says otherwise.
Ids are slugs of `[a-z0-9_]+`. A missing value of a nullable column is a null (Parquet) or an empty
field (TSV), never NaN.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: name, Arrow type name, meaning, unit, closed range and whether it may be null."""

    name: str
    dtype: str
    meaning: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    nullable: bool = False
    slug: bool = False


@dataclass(frozen=True)
class Table:
    """A table's name and columns. `features` allows further float32 columns, each nullable."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    features: bool = False

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def _id(name: str, meaning: str) -> Column:
    return Column(name, "string", meaning, slug=True)


def _share(name: str, meaning: str, nullable: bool = False) -> Column:
    return Column(name, "float64", meaning, "", 0, 1, nullable)


def _seconds(name: str, meaning: str, low: float | None = 0) -> Column:
    return Column(name, "float64", meaning, "s", low)


def _error(name: str, meaning: str) -> Column:
    return Column(name, "float64", meaning, "s", 0, None, True)


def _deviations(name: str, meaning: str) -> Column:
    return Column(name, "float64", meaning, "standard deviations of the films", nullable=True)


FILM_ID = _id("film_id", "the film")
CUE_ID = _id("cue_id", "the cue, unique in its film, in order of film time")
TRACK_ID = _id("track_id", "the album track, from its file name")
TIME_S = _seconds("time_s", "whole second of the film; the row describes time_s to time_s + 1")

FILMS = Table(
    "films",
    "The films of the corpus that are used, one row each.",
    (
        FILM_ID,
        Column("title", "string", "title as the user wrote it"),
        Column("year", "int64", "year of release", nullable=True),
        Column("genres", "string", "genres, separated by semicolons"),
        _seconds("duration_s", "running time; 0 of published features, which do not tell it"),
        Column("has_picture", "bool", "whether the film has moving pictures"),
        Column("tracks", "int64", "number of album tracks; 0 of published features", low=0),
    ),
)

TRACKS = Table(
    "tracks",
    "The album tracks of the corpus.",
    (
        FILM_ID,
        TRACK_ID,
        Column("path", "string", "the audio file"),
        _seconds("duration_s", "length of the track"),
        Column("sample_rate_hz", "int64", "sample rate of the file", "Hz", 1),
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
        _seconds("duration_s", "running time; 0 if unknown"),
        Column("has_picture", "bool", "whether the film has moving pictures"),
        Column("tracks", "int64", "number of album tracks that can be read", low=0),
        Column("video_sha256", "string", "SHA-256 of the film's file; empty if it cannot be read"),
    ),
)

CUES = Table(
    "cues",
    "Which album track plays when in a film.",
    (
        FILM_ID,
        CUE_ID,
        TRACK_ID,
        _seconds("film_start_s", "start of the cue in the film"),
        _seconds("film_end_s", "end of the cue in the film"),
        _seconds("track_start_s", "where in the track the cue starts"),
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
        _share("confidence", "how sure the match is, 0 to 1"),
    ),
)

TRUTH = Table(
    "truth",
    "The cues that the film assembler mixed into a film.",
    (
        FILM_ID,
        Column("track_id", "string", "the track; for a decoy its source"),
        _seconds("film_start_s", "start of the cue in the film"),
        _seconds("film_end_s", "end of the cue in the film"),
        _seconds("track_start_s", "where in the track the cue starts"),
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
        _share("time_precision", "share of predicted track seconds that are right", True),
        _share("time_recall", "share of true track seconds that were found", True),
        _share("time_f1", "harmonic mean of the two", True),
        _share("cue_precision", "share of predicted cues that lie by half on a true one", True),
        _share("cue_recall", "share of true cues that a right prediction touches", True),
        Column("true_s", "int64", "seconds of album music in the truth", "s", 0),
        Column("true_cues", "int64", "cues of album music in the truth", low=0),
        Column("predicted_cues", "int64", "cues predicted", low=0),
        Column("decoy_s", "int64", "seconds of decoy music claimed for a track", "s", 0),
        _error("boundary_error_s", "median distance of edges of right cues"),
        _error("boundary_error_90_s", "90th percentile of the same"),
        _error("offset_error_s", "median error of the place in the track"),
        _share(
            "placed", "share of right cues at the true place in the track, or that state it", True
        ),
    ),
)

WEIGHTS = Table(
    "weights",
    "The pretrained networks, and which of them a run uses.",
    (
        _id("network", "the network, also the name of its feature set"),
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
        _share("confidence_low", "lower bound of the bin"),
        _share("confidence_high", "upper bound of the bin"),
        Column("cues", "int64", "cues of all films in the bin", low=0),
        _share("confidence", "their mean confidence", True),
        _share("right", "share of them that are right", True),
        _share("right_low", "95% interval of the share (Wilson), lower bound", True),
        _share("right_high", "upper bound", True),
        _share("cue_precision", "precision of all cues at or above the lower bound", True),
        _share("cue_recall", "share of true cues that those find", True),
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
        Column("brightness", "float32", "mean BT.709 luma inside the letterbox", "", 0, 1),
        Column("contrast", "float32", "standard deviation of luma (RMS contrast)", "", 0, 0.5),
        Column("saturation", "float32", "mean HSV saturation", "", 0, 1),
        Column("colourfulness", "float32", "Hasler and Suesstrunk's M3 on RGB in 0..1", "", 0, 2),
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

PREDICTIONS = Table(
    "predictions",
    "What the model that never saw the film says about it.",
    (
        FILM_ID,
        Column("genre", "string", "a genre of the config's list"),
        _share("probability", "the model's probability of the genre"),
        Column("predicted", "bool", "the decision"),
        Column("actual", "bool", "the film's label"),
        Column("fold", "int64", "number of the fold; with single films the film's place", low=0),
        Column("repeat", "int64", "number of the training run: networks run several times", low=0),
    ),
)

GENRE_CUES = Table(
    "genre cues",
    "How the model that never saw the film hears each of its cues (the first training run).",
    (
        FILM_ID,
        CUE_ID,
        Column("genre", "string", "a genre of the config's list"),
        _share("probability", "what the model says if the cue is all the music of the film"),
        _share("weight", "the cue's part in the answer for the film; the cues of a film sum to 1"),
    ),
)

GENRE_CURVES = Table(
    "genre curves",
    "The loss of a network as it trains: weighted binary cross-entropy, mean over films and "
    "genres. Empty for other models.",
    (
        Column("film_id", "string", "the film held out; of a group the first"),
        Column("fold", "int64", "number of the fold; with single films the film's place", low=0),
        Column("repeat", "int64", "number of the training run", low=0),
        Column("epoch", "int64", "passes over the training films so far", low=1),
        Column("training_loss", "float64", "mean over the epoch's batches, with dropout", low=0),
        Column("held_out_loss", "float64", "of the films held out, without dropout", low=0),
    ),
)

GENRE_APPLIED = Table(
    "genre applied",
    "What a corpus's models say of a new film or album, window by window; silence has no rows.",
    (
        _id("media", "name of the film or album in `genres.apply.media`"),
        Column("track_id", "string", "the track of an album; empty for a film"),
        _seconds("start_s", "start of the window, in the film or the track"),
        _seconds("end_s", "its end"),
        Column("genre", "string", "a genre of the config's list"),
        _share("probability", "mean over the models, one for each film left out; not calibrated"),
        _share("low", "5% bound over the models"),
        _share("high", "95% bound over the models"),
    ),
)

GENRE_ANSWERS = Table(
    "genre answers",
    "What the models of a corpus say of a new film or album as a whole, and of each of its tracks.",
    (
        _id("media", "name of the film or album in `genres.apply.media`"),
        Column("track_id", "string", "the track of an album; empty for all of the film or album"),
        Column("genre", "string", "a genre of the config's list"),
        _share("probability", "mean over the models, one for each film left out; not calibrated"),
        _share("low", "5% bound over the models"),
        _share("high", "95% bound over the models"),
        Column("predicted", "bool", "the decision: the mean probability is above one half"),
    ),
)

GENRE_SCORES = Table(
    "genre scores",
    "Precision, recall, F1 and average precision of every model, mean over its training runs, with "
    "bootstrap 95% intervals over films.",
    (
        Column("feature_set", "string", "the features; `none` for the baselines"),
        Column("model", "string", "the model"),
        Column("level", "string", "the instances: `cue` or `frame`; `film` for baselines"),
        Column("genre", "string", "a genre, or `macro` for their unweighted mean"),
        *(
            _share(f"{measure}{bound}", f"{measure.replace('_', ' ')}{words}")
            for measure in ("precision", "recall", "f1", "average_precision")
            for bound, words in (("", ""), ("_low", ", 2.5% bound"), ("_high", ", 97.5% bound"))
        ),
        _share("f1_spread", "standard deviation of F1 over training runs; null for one run", True),
        _share(
            "permuted",
            "mean F1 when the answers are handed to other films at random; null for a random guess",
            True,
        ),
        _share("p_permuted", "how often it is then at least f1: (1 + k) / (1 + draws)", True),
    ),
)

GENRE_COMPARISONS = Table(
    "genre comparisons",
    "Every pair of genre models: the difference of their macro F1, mean over training runs, on the "
    "same films.",
    (
        Column("feature_set", "string", "the features of the first; `none` for a baseline"),
        Column("model", "string", "the first model"),
        Column("other_feature_set", "string", "the features of the second"),
        Column("other_model", "string", "the second model"),
        Column("films", "int64", "films with predictions of both", low=1),
        Column("difference", "float64", "macro F1 of the first less that of the second", "", -1, 1),
        Column("low", "float64", "2.5% bound, bootstrap over films", "", -1, 1),
        Column("high", "float64", "97.5% bound", "", -1, 1),
        _share("p", "two-sided p-value, approximate randomisation over films"),
        _share("p_holm", "the same, corrected over all pairs (Holm)"),
    ),
)

MODES = Table(
    "modes",
    "How films of a genre differ in their picture from others: by their labels, and by what a "
    "model hears in their music.",
    (
        Column("feature_set", "string", "the features of the model"),
        Column("model", "string", "the model that predicts"),
        Column("genre", "string", "a genre of the config's list"),
        Column(
            "measure",
            "string",
            "`brightness`, `contrast`, `saturation` or `motion_energy`, a film's median over its "
            "seconds, or `cut_rate`, its cuts a minute",
        ),
        Column(
            "labelling",
            "string",
            "which films count as the genre's: `actual` (labelled) or `predicted` (by the model "
            "that never saw the film), each against all others, or `false_positive` (predicted, "
            "not labelled), against those neither predicted nor labelled",
        ),
        _deviations("difference", "median of the genre's films minus median of the others"),
        _deviations("low", "2.5% bound of the difference (bootstrap over films)"),
        _deviations("high", "97.5% bound"),
        _share("p", "two-sided permutation p of the difference", True),
        _share("p_adjusted", "p by Benjamini and Hochberg over the tests of the labelling", True),
        Column("films_with", "int64", "films of the genre by this labelling", low=0),
        Column("films_without", "int64", "films that they are held against", low=0),
    ),
)

IMPORTANCE = Table(
    "importance",
    "How much each group of features matters to a model: the F1 that is lost when it is shuffled.",
    (
        Column("feature_set", "string", "the features of the model"),
        Column("model", "string", "the model"),
        Column("genre", "string", "a genre, or `overall` for their unweighted mean"),
        Column("group", "string", "the group of features, first part of the columns' names"),
        _share("f1", "F1 as it is, by the folds that never saw the film"),
        Column("score", "float64", "F1 lost, mean over the shuffles", "", -1, 1),
        Column("low", "float64", "2.5% bound of the score, bootstrap over films", "", -1, 1),
        Column("high", "float64", "97.5% bound", "", -1, 1),
        Column("repeat_low", "float64", "2.5% bound of the single shuffles' loss", "", -1, 1),
        Column("repeat_high", "float64", "97.5% bound", "", -1, 1),
    ),
)

TABLES = (
    FILMS, TRACKS, STATUS, CUES, TRUTH, CUE_SCORES, CUE_CONFIDENCE,
    WEIGHTS, FEATURES, VISUALS, BAGS, PREDICTIONS, GENRE_CUES, GENRE_CURVES,
    GENRE_APPLIED, GENRE_ANSWERS, GENRE_SCORES, GENRE_COMPARISONS, IMPORTANCE, MODES,
)  # fmt: skip
