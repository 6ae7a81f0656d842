"""Schema of the other renditions of an album's tracks in a film."""

from scorelens.tables.columns import FILM_ID, TRACK_ID, Column, Table, identifier, seconds, share

RENDITIONS = Table(
    "renditions",
    "When a film plays a piece of its album in another rendition: another arrangement or version, "
    "a cover, a live recording. No row overlaps a cue.",
    (
        FILM_ID,
        identifier("rendition_id", "the rendition, unique in its film, in order of film time"),
        TRACK_ID,
        seconds("film_start_s", "start of the rendition in the film"),
        seconds("film_end_s", "end of the rendition in the film"),
        seconds("track_start_s", "where in the track it starts"),
        Column(
            "transposition_semitones",
            "int64",
            "how much higher it is than the track, octaves aside",
            "semitones",
            -5,
            6,
        ),
        Column("tempo", "float64", "mean track seconds per film second", "", 0.5, 2),
        Column(
            "score",
            "float64",
            "similarity of the chroma along the alignment, above what is usual and above that of "
            "the best other track or transposition",
            "",
            0,
        ),
        share("confidence", "probability that the match is right, calibrated"),
    ),
)
