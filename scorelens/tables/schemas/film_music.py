"""Schemas of the genres of a corpus, and of how films use their albums."""

from scorelens.tables.columns import FILM_ID, Column, Table, error_seconds, share

TENTHS = 10
ALBUM_ORDER = Column(
    "album_order",
    "float64",
    "rank correlation (Kendall's tau b) of the order of tracks on the album and of first cues,"
    " 1 if they agree; missing under three tracks",
    "",
    -1,
    1,
    True,
)

GENRE_COUNTS = Table(
    "genre counts",
    "How many films carry a genre, and how many of them carry another one too; one row a pair.",
    (
        Column("genre", "string", "genre"),
        Column("other", "string", "the other genre; the genre again for the films that carry it"),
        Column("films", "int64", "films that carry both", low=0),
        share("share", "share of the films of `genre`; of all films if both are the same"),
        share("share_low", "95% interval of the share (Wilson), lower bound"),
        share("share_high", "upper bound"),
    ),
)

FILM_MUSIC = Table(
    "film music",
    "How one film uses its album.",
    (
        FILM_ID,
        Column("cues", "int64", "number of cues", low=0),
        error_seconds("cue_length_s", "median length of the cues"),
        share("music_share", "share of the running time with a cue"),
        share("overlap_share", "share of that time with two cues or more", True),
        Column("longest_gap_s", "float64", "longest time without a cue", "s", 0),
        Column("tracks", "int64", "number of tracks of the album", low=1),
        share("unused_share", "share of the tracks that no cue plays"),
        share("part_share", "share of the tracks of which cues play less than nine tenths"),
        share("repeated_share", "share of the tracks that two cues or more play"),
        share("album_share", "share of the seconds of the album that a cue plays"),
        ALBUM_ORDER,
    ),
)

SPOTTING = Table(
    "spotting",
    "When album music plays in a film, one row a film and tenth of its running time.",
    (
        FILM_ID,
        Column("tenth", "int64", "tenth of the running time", low=1, high=TENTHS),
        share("music_share", "share of its seconds with a cue"),
    ),
)

GENRE_MUSIC = Table(
    "genre music",
    "How the films of a genre use their albums: means over films.",
    (
        Column("genre", "string", "genre, or `all`"),
        Column("measure", "string", "column of the table film music, or `music_share` of a tenth"),
        Column(
            "tenth",
            "int64",
            "tenth of the running time; missing for the whole film",
            "",
            1,
            TENTHS,
            True,
        ),
        Column("films", "int64", "films that have a value", low=0),
        Column("mean", "float64", "mean over these films; missing without", nullable=True),
        Column("low", "float64", "95% bootstrap interval over films, lower bound", nullable=True),
        Column("high", "float64", "upper bound; both missing under two films", nullable=True),
    ),
)
