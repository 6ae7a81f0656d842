"""Schemas of music, speech and singing in the sound of a film, and of music without a cue."""

from scorelens.tables.columns import FILM_ID, TIME_S, Column, Table, seconds, share


def _probability(name: str) -> Column:
    return Column(name, "float32", f"mean probability of {name} in the second", "", 0, 1)


MUSIC = Table(
    "music",
    "Whether there is music, speech and singing in the sound of a film, one row a second, by a "
    "pretrained detector. They may sound at once.",
    (FILM_ID, TIME_S, _probability("music"), _probability("speech"), _probability("singing")),
)

UNKNOWN_MUSIC = Table(
    "unknown music",
    "Where a film has music, by the detector, and no cue: one row a stretch.",
    (
        FILM_ID,
        seconds("start_s", "start of the first second"),
        seconds("end_s", "end of the last second"),
        share("music", "mean probability of music"),
    ),
)

MUSIC_SHARES = Table(
    "music shares",
    "How much of a film is music, speech and singing, and how much of the music is of its album.",
    (
        FILM_ID,
        Column("sound_s", "int64", "seconds of sound, the last one begun", "s", 0),
        share("music_share", "share of the seconds with music: detected, or with a cue", True),
        share("cue_share", "share of the seconds with a cue: music of the album", True),
        share("unknown_share", "share of the seconds in stretches of unknown music", True),
        Column("unknown_spans", "int64", "stretches of unknown music", low=0),
        share("detected_share", "share of the seconds with a cue in which music is detected", True),
        share("speech_share", "share of the seconds with speech", True),
        share("singing_share", "share of the seconds with singing", True),
        share("speech_over_music", "share of the seconds with music that have speech too", True),
    ),
)
