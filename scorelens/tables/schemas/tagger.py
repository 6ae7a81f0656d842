"""Schemas of the tagger: tags of the tracks of the corpus and of libraries, and their scores."""

from scorelens.tables.columns import (
    FILM_ID,
    TRACK_ID,
    TRACK_TAGS,
    Column,
    Table,
    identifier,
    seconds,
    share,
    texts,
)

TAG = Column("genre", "string", "a genre that the tagger gives")

TAGGER_TILES = Table(
    "tagger tiles",
    "Predictions for the tiles, of 9.29 s, of held-out tracks; with `split: film` all tracks of a "
    "film are held out together.",
    (
        FILM_ID,
        TRACK_ID,
        seconds("start_s", "start of the tile in the track"),
        TAG,
        share("probability", "the model's probability of the genre in the tile"),
        share(
            "weight",
            "weight of the tile in the prediction for the track; they sum to 1 over a track",
        ),
    ),
)

TAGGER_TRACKS = Table(
    "tagger tracks",
    "Predictions for held-out tracks; with `split: film` a film's tracks are held out together.",
    (
        FILM_ID,
        TRACK_ID,
        TAG,
        share("probability", "the model's probability of the genre"),
        Column("rank", "int64", "rank of the genre for the track, 1 for the most probable", "", 1),
        Column("actual", "bool", "whether the film carries the genre"),
        Column("fold", "int64", "number of the fold that held the track out", low=0),
    ),
)

TAGGER_SCORES = Table(
    "tagger scores",
    "Scores of the tagger's models, one score a row, with 95% intervals (bootstrap over films or "
    "groups).",
    (
        Column("model", "string", "the model"),
        Column("level", "string", "`tile` or `track`: what is ranked"),
        Column(
            "measure",
            "string",
            "`coverage_error` (how far down a ranking all labels are covered, low is good), "
            "`label_ranking_average_precision`, `average_precision`, `precision`, `recall`, `f1`",
        ),
        Column(
            "top", "int64", "how many tags count as given; null for a ranking", "", 1, None, True
        ),
        Column(
            "genre",
            "string",
            "a genre; `macro` for their mean, `weighted` for that by support; `all` for a ranking",
        ),
        Column("value", "float64", "the score, with the same weight for each film", "", 0),
        Column("low", "float64", "2.5% bound", "", 0),
        Column("high", "float64", "97.5% bound", "", 0),
        Column(
            "chance",
            "float64",
            "mean of the score when films, or groups of equally many, swap their labels at random",
            "",
            0,
            None,
            True,
        ),
        share("p", "how often it is then at least as good: (1 + k) / (1 + draws)", True),
        Column(
            "exchangeable",
            "int64",
            "films that can exchange labels with others in these draws: all, unless films are in "
            "groups of which no other has the size",
            "",
            0,
        ),
        share(
            "p_best",
            "p of a ranking, adjusted for the choice of the best of all models of the music "
            "(max-statistic permutation); null for baselines",
            True,
        ),
        Column(
            "gain",
            "float64",
            "the score of a ranking less that of a random one of the same films",
            nullable=True,
        ),
        Column("gain_low", "float64", "2.5% bound, both in the same samples", nullable=True),
        Column("gain_high", "float64", "97.5% bound", nullable=True),
        Column(
            "unit_value",
            "float64",
            "the score with the same weight for each track or tile, so that films with many weigh "
            "more: to compare with the literature, without interval or chance",
            "",
            0,
        ),
        Column(
            "support",
            "int64",
            "how many tracks or tiles carry the genre; all of them for `macro`, `weighted`, `all`",
            low=0,
        ),
    ),
)

TAGGER_CONFUSIONS = Table(
    "tagger confusions",
    "Wrong tags of the tracks of a genre. A track gets as many tags as its film has genres.",
    (
        Column("model", "string", "the model"),
        Column("genre", "string", "a genre of the film"),
        Column("tagged", "string", "a tag that the track got and its film does not carry"),
        Column("tracks", "int64", "tracks of the genre with this tag", low=0),
        share("share", "of all tracks of the genre"),
    ),
)

TAGGER_OUTCOMES = Table(
    "tagger outcomes",
    "Each track with its tags, as many as its film has genres.",
    (
        Column("model", "string", "the model"),
        FILM_ID,
        TRACK_ID,
        texts("genres", "the film's genres"),
        texts("tags", "the tags, likeliest first"),
        Column("outcome", "string", "`right` (all of them), `partly` (some) or `wrong` (none)"),
    ),
)

LIBRARY = identifier("library", "the library, as the config names it")
PLACE = Column("path", "string", "the audio file, as seen from the library's folder")

TAGGER_LIBRARY = Table(
    "tagger library",
    "The tracks of a library, with tempo, key and loudness.",
    (
        LIBRARY,
        PLACE,
        *TRACK_TAGS,
        seconds("duration_s", "length of the track"),
        Column(
            "tempo_bpm", "float64", "median tempo; null if there is no pulse", "BPM", 0, None, True
        ),
        Column("key", "string", "the likeliest key, such as `A minor`; empty in silence"),
        Column(
            "loudness_lufs",
            "float64",
            "integrated loudness of the mono mix (ITU-R BS.1770); null in silence",
            "LUFS",
            None,
            None,
            True,
        ),
        Column("problem", "string", "why the track is not tagged; empty if it is"),
    ),
)

TAGGER_RANKING = Table(
    "tagger ranking",
    "Ranked tags of the tracks of a library.",
    (
        LIBRARY,
        PLACE,
        TAG,
        share("probability", "the model's probability of the genre"),
        Column("rank", "int64", "rank of the genre for the track, 1 for the most probable", "", 1),
    ),
)

TAGGER_PROFILES = Table(
    "tagger profiles",
    "The tags of a library's tracks over their time, one row a second and genre.",
    (
        LIBRARY,
        PLACE,
        Column(
            "time_s",
            "float64",
            "second of the track; between the middles of two tiles what lies between their answers",
            "s",
            0,
        ),
        TAG,
        share("probability", "the model's probability of the genre"),
    ),
)
