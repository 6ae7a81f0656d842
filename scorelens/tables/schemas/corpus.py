"""Schemas of the corpus: films, album tracks and what their check found."""

from scorelens.tables.columns import (
    ALBUM_ID,
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

FILMS = Table(
    "films",
    "The films of the corpus that are used, one row each.",
    (
        FILM_ID,
        Column("title", "string", "title as the user wrote it"),
        Column("year", "int64", "year of release", nullable=True),
        texts("genres", "the genres of the film"),
        seconds("duration_s", "running time; 0 for published features, which lack it"),
        Column("has_picture", "bool", "whether the film has moving pictures"),
        Column("tracks", "int64", "number of album tracks; 0 for published features", low=0),
    ),
)

_TRACK_COLUMNS = (
    TRACK_ID,
    Column("path", "string", "the audio file"),
    seconds("start_s", "start of the track in its file; 0 if the file is one track"),
    seconds("duration_s", "length of the track, by its packets"),
    Column("sample_rate_hz", "int64", "sample rate of the file", "Hz", 1),
    *TRACK_TAGS,
    Column("sha256", "string", "SHA-256 of the audio file"),
)

TRACKS = Table("tracks", "The album tracks of the corpus.", (FILM_ID, *_TRACK_COLUMNS))

ALBUM_TRACKS = Table(
    "album tracks",
    "The tracks of one album, which several films may share.",
    (ALBUM_ID, *_TRACK_COLUMNS),
)

ALBUM_STATUS = Table(
    "album status",
    "Problems of one album, found by `list_corpus`.",
    (
        ALBUM_ID,
        Column("problems", "string", "all problems; empty if there are none"),
        Column("notes", "string", "remarks, such as files that are not used"),
    ),
)

STATUS = Table(
    "status",
    "Problems of the films, found by `check_corpus`, one row a film.",
    (
        FILM_ID,
        Column("status", "string", "`ok`, or `bad` if a problem keeps the film out"),
        Column("problems", "string", "all problems; empty if there are none"),
        Column("notes", "string", "remarks, such as files that are not used"),
        seconds("duration_s", "end of the last sound or picture in the file; 0 if unknown"),
        Column("has_picture", "bool", "whether the film has moving pictures"),
        Column(
            "frame_rate_hz",
            "float64",
            "mean rate of the pictures; null without",
            "Hz",
            0,
            None,
            True,
        ),
        Column("tracks", "int64", "number of readable album tracks", low=0),
        Column("video_sha256", "string", "SHA-256 of the film's file; empty if it cannot be read"),
        Column("video_bytes", "int64", "size of the film's file; 0 if it cannot be read", "B", 0),
    ),
)

_SHARED = (
    Column(
        "offset_s",
        "float64",
        "time that is added to one of the second recording to find the same sound in the first",
        "s",
    ),
    seconds("shared_s", "how much of the sound they share; silence does not count"),
    share("share", "the same as a share of the sound of the shorter one"),
)

SHARED_TRACKS = Table(
    "shared tracks",
    "Tracks of two albums that share sound, found by their landmarks in `compare_fingerprints`.",
    (
        ALBUM_ID,
        TRACK_ID,
        identifier("other_album_id", "the second album"),
        identifier("other_track_id", "its track"),
        *_SHARED,
    ),
)

SHARED_FILMS = Table(
    "shared films",
    "Films that share at least 5% of their sound, found by the same.",
    (FILM_ID, identifier("other_film_id", "the second film"), *_SHARED),
)

SHARED_AUDIO = Table(
    "shared audio",
    "Films that share audio, found in `group_corpus`: each film with the first one that it shares "
    "an album or a file with, and with every one whose tracks sound alike.",
    (
        identifier("film_id", "the first film"),
        identifier("other_film_id", "the second film"),
        Column(
            "reason",
            "string",
            "`video`: one file; `film`: the films sound alike; `album`: the same files of tracks; "
            "`file`: some of these; `sound`: tracks sound alike",
        ),
        texts("tracks", "tracks of the first film's album that are shared"),
        texts("other_tracks", "those of the second film's album, in the same order"),
        share("share", "how much of the film, or of the shorter album, is shared"),
    ),
)

FILM_GROUPS = Table(
    "film groups",
    "The group of every film in use. Films of one group are never on two sides of a split.",
    (
        FILM_ID,
        identifier("group", "the group: its first film"),
        Column("films", "int64", "number of films in the group", low=1),
        texts("names", "groups of the film by the column `group` of the film table"),
        texts(
            "reasons",
            "why it is not alone: `name`, for the column `group`, or the reasons of `shared.tsv`",
        ),
    ),
)
