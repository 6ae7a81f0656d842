"""Schemas of the corpus: films, album tracks and what their check found."""

from scorelens.tables.columns import (
    ALBUM_ID,
    FILM_ID,
    TRACK_ID,
    TRACK_TAGS,
    Column,
    Table,
    seconds,
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
        Column("tracks", "int64", "number of readable album tracks", low=0),
        Column("video_sha256", "string", "SHA-256 of the film's file; empty if it cannot be read"),
        Column("video_bytes", "int64", "size of the film's file; 0 if it cannot be read", "B", 0),
    ),
)
