"""Schemas of retrieval: films and tracks as inputs, scores of the models, and searches."""

from scorelens.tables.columns import (
    CUE_ID,
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

CONFIGURATION = Column("configuration", "string", "which inputs of a film the model takes")
SEEN = Column(
    "seen",
    "string",
    "inputs of the query: `image`, `tags`, `plot`, joined by `+`",
)
MEASURE = Column(
    "measure",
    "string",
    "`recall_1`, `_5`, `_10`, `_20`, `_50`, `_100` (high is good), `median_rank` (low is good), "
    "`reciprocal_rank` (mean; high is good)",
)
VALUE = Column("value", "float64", "the score", "", 0)
LOW = Column("low", "float64", "2.5% bound, bootstrap over films", "", 0)
HIGH = Column("high", "float64", "97.5% bound", "", 0)
LIBRARY = identifier("library", "the library, or `corpus`")
ALBUM_OF = Column("film_id", "string", "the film; null in a library", nullable=True, slug=True)
TRACK_PLACE = (
    Column("path", "string", "the audio file"),
    seconds("start_s", "start of the track in its file; 0 if the file is one track"),
    Column(
        "end_s",
        "float64",
        "end of the track in its file; null for the end of the file",
        "s",
        0,
        None,
        True,
    ),
    Column("track_title", "string", "title of the track, else the name of its file"),
    *(tag for tag in TRACK_TAGS if tag.name in ("artist", "composer", "album")),
)

RETRIEVAL_FILMS = Table(
    "retrieval films",
    "The films of retrieval: those of the corpus, and others that have an album.",
    (
        FILM_ID,
        Column("title", "string", "title as given"),
        Column("year", "int64", "year, by which the films are split"),
        identifier("group", "its group, by its first film: films of one group are in one part"),
        Column("part", "string", "`training`, `validation`, `test`, or `left_out`"),
        Column(
            "tracks",
            "int64",
            "tracks with sound, without those that are also in an earlier part",
            low=0,
        ),
        Column("fragments", "int64", "fragments of all its tracks", low=0),
        Column("paragraphs", "int64", "paragraphs of the plot", low=0),
        texts("tags", "tags of the film"),
        Column("problem", "string", "why it is left out", nullable=True),
    ),
)

RETRIEVAL_TRACKS = Table(
    "retrieval tracks",
    "The tracks of the films that are not left out, in the order of their fragments.",
    (
        FILM_ID,
        TRACK_ID,
        Column("fragments", "int64", "fragments of the track that are used", low=1),
    ),
)

RETRIEVAL_IMAGES = Table(
    "retrieval images",
    "Embedding of the picture of each film by a pretrained network (the further columns).",
    (FILM_ID, Column("sha256", "string", "SHA-256 of the picture's file")),
    features=True,
)

RETRIEVAL_TEXTS = Table(
    "retrieval texts",
    "Embeddings of the text of each film by a pretrained network (the further columns).",
    (
        FILM_ID,
        Column("segment", "string", "`tags`, `plot`, or both as `tags_plot`"),
        Column("paragraph", "int64", "paragraph of the plot, from 0; 0 for tags alone", low=0),
        Column("sha256", "string", "SHA-256 of the text"),
    ),
    features=True,
)

RETRIEVAL_FRAGMENTS = Table(
    "retrieval fragments",
    "The mean of a network's values over each fragment of 9.92 s of an album or a library.",
    (
        Column("track_id", "string", "the track; of a library the file, as seen from its folder"),
        seconds("start_s", "start of the fragment in the track"),
    ),
    features=True,
)

RETRIEVAL_LIBRARY = Table(
    "retrieval library",
    "The tags of the files of a part of a library.",
    (Column("path", "string", "the audio file, as seen from the library's folder"), *TRACK_TAGS),
)

RETRIEVAL_CURVES = Table(
    "retrieval curves",
    "Learning curves of the models, one epoch a row.",
    (
        CONFIGURATION,
        Column("epoch", "int64", "number of the pass over the training films", low=1),
        Column("training", "float64", "mean loss over the pairs of the epoch, with dropout", "", 0),
        Column(
            "validation",
            "float64",
            "mean loss on the validation films; null without them",
            "",
            0,
            None,
            True,
        ),
    ),
)

RETRIEVAL_EMBEDDINGS = Table(
    "retrieval embeddings",
    "Embeddings of the test films and their tracks by a model; the 64 values are the further "
    "columns.",
    (
        CONFIGURATION,
        Column("kind", "string", "`film` or `track`"),
        FILM_ID,
        Column("track_id", "string", "the track; null for a film", nullable=True, slug=True),
        Column(
            "seen",
            "string",
            "what the model was given of the film: `image`, `tags`, `plot`, joined by `+`; null "
            "for a track",
            nullable=True,
        ),
    ),
    features=True,
)

RETRIEVAL_SCORES = Table(
    "retrieval scores",
    "Scores of the models on test films, with 95% intervals and chance.",
    (
        CONFIGURATION,
        SEEN,
        Column(
            "level",
            "string",
            "`track`: every track is a pair with its film (the paper's); `film`: the first of a "
            "film's tracks counts",
        ),
        MEASURE,
        VALUE,
        LOW,
        HIGH,
        Column("chance", "float64", "score of a random order of the tracks", "", 0),
        Column("permuted", "float64", "mean score with the queries of the films permuted", "", 0),
        share("p", "permutation p-value: (1 + k) / (1 + draws)"),
    ),
)

RETRIEVAL_RANKS = Table(
    "retrieval ranks",
    "Ranks of the tracks of each test film.",
    (
        CONFIGURATION,
        FILM_ID,
        Column("tracks", "int64", "number of its tracks", low=1),
        Column("first_rank", "int64", "rank of the first of them", low=1),
        Column("median_rank", "float64", "median of their ranks", low=1),
        share("reciprocal_rank", "mean of 1 / rank over its tracks"),
    ),
)

SCENES = Table(
    "scenes",
    "The cues of a film as scenes, with the mean embedding of their frames by an image network (the"
    " further columns).",
    (
        FILM_ID,
        CUE_ID,
        TRACK_ID,
        seconds("start_s", "start of the cue in the film"),
        seconds("end_s", "its end"),
    ),
    features=True,
)

RETRIEVAL_SCENES = Table(
    "retrieval scenes",
    "The cues of a film as scenes, with the subtitles that are shown in them.",
    (
        FILM_ID,
        CUE_ID,
        TRACK_ID,
        seconds("start_s", "start of the cue in the film"),
        seconds("end_s", "its end"),
        Column("words", "string", "texts of the subtitles, separated by spaces", nullable=True),
    ),
)

RETRIEVAL_SCENE_SCORES = Table(
    "retrieval scene scores",
    "How high the track of a scene ranks for the scene. Scenes of test films.",
    (
        Column(
            "asked",
            "string",
            "`scene` (its frames and subtitles in place of the film's picture and plot), `film` "
            "(the film's own), `both` (the mean of the two places)",
        ),
        Column("pool", "string", "`all`: all tracks of the test films; `album`: those of the film"),
        Column(
            "measure",
            "string",
            "`recall_1`, `recall_5`, `recall_10`, `median_rank`, `reciprocal_rank`, or "
            "`mean_percentile` (share of the other tracks that come after it)",
        ),
        VALUE,
        LOW,
        HIGH,
        Column("chance", "float64", "score of a random order of the tracks", "", 0),
        Column(
            "permuted",
            "float64",
            "mean when queries are swapped: in the pool `all` films swap theirs (a scene takes "
            "that of another film, or of a scene of it), in `album` the scenes of a film do",
            "",
            0,
        ),
        share("p", "permutation p-value: (1 + k) / (1 + draws)"),
        Column("scenes", "int64", "number of scenes", low=1),
    ),
)

RETRIEVAL_INDEX = Table(
    "retrieval index",
    "The tracks that can be found, in the order of the index.",
    (
        LIBRARY,
        ALBUM_OF,
        Column("title", "string", "title of the film; null in a library", nullable=True),
        TRACK_ID,
        *TRACK_PLACE,
    ),
)

RETRIEVAL_SEARCHES = Table(
    "retrieval searches",
    "Results of searches, the best first, each file once a search.",
    (
        identifier("search", "the search, as the config names it"),
        Column("rank", "int64", "rank of the track, 1 for the best", low=1),
        LIBRARY,
        ALBUM_OF,
        TRACK_ID,
        *TRACK_PLACE,
        Column("cosine", "float64", "similarity to the whole search", "", -1, 1),
        Column(
            "moved_by",
            "string",
            "the part of the search with the largest contribution to the track",
        ),
        *(
            Column(
                part,
                "float64",
                f"contribution: how far the cosine falls without the {part}; the cosine itself if "
                "the search has no other part, null if it has none",
                nullable=True,
            )
            for part in ("image", "tags", "plot", "track")
        ),
    ),
)
