"""Schemas of the exported cues."""

from scorelens.tables.columns import CUE_ID, FILM_ID, TRACK_ID, Column, Table, seconds, share

_CREDITS = (
    Column("title", "string", "title of the track; the name of its file without"),
    Column("composer", "string", "composers, separated by semicolons; empty without"),
    Column("artist", "string", "artists, likewise"),
    Column("publisher", "string", "publishers by the tags, likewise"),
    Column("album", "string", "the album's title; empty without"),
    Column("isrc", "string", "international standard recording code; empty without"),
)
_FILM_TITLE = Column("film_title", "string", "title of the film")

CUE_SHEET = Table(
    "cue sheet",
    "The cues of a film with all that is exported of them. Time code counts from the first frame, "
    "at the frame rate of the film, drop-frame at 29.97 and 59.94.",
    (
        FILM_ID,
        _FILM_TITLE,
        CUE_ID,
        TRACK_ID,
        *_CREDITS,
        Column("timecode_in", "string", "time code of the first frame of the cue"),
        Column("timecode_out", "string", "time code of the frame after its last"),
        Column("timecode_duration", "string", "number of its frames as time code"),
        Column("use", "string", "`foreground` or `background`: the `role` of `cue roles`"),
        Column("vocal", "string", "`yes` or `no`: singing is detected; empty if unknown"),
        Column("diegetic", "string", "`yes` or `no`: the source is in the scene; empty if unknown"),
        share("confidence", "probability that the match is right; 1 if a person named the track"),
        Column("verdict", "string", "of a person: `right`, `changed` or `missed`; empty without"),
        seconds("film_start_s", "start of the cue in the film"),
        seconds("film_end_s", "end of the cue in the film"),
        Column("in_frame", "int64", "number of its first frame, from 0", low=0),
        Column("out_frame", "int64", "number of the frame after its last", low=1),
        Column("frame_rate_hz", "float64", "rate of the time code", "Hz", 0),
        seconds("track_start_s", "start of the cue in the track"),
        Column("speed", "float64", "track seconds per film second"),
        Column("music_to_rest_db", "float64", "as in `cue roles`", "dB", -30, 30, True),
        Column("track_path", "string", "the audio file: `path` in `tracks`"),
        seconds("track_file_start_s", "start of the track in that file"),
        seconds("track_duration_s", "length of the track"),
        Column("label", "string", "the cue in one line"),
    ),
)

AS_USED = Table(
    "tracks as used",
    "The tracks that a film uses, in the order of their first cues.",
    (
        FILM_ID,
        _FILM_TITLE,
        TRACK_ID,
        *_CREDITS,
        Column("uses", "int64", "number of cues", low=1),
        Column("timecode_first", "string", "time code of the first frame of the first cue"),
        Column("timecode_total", "string", "number of frames of all cues as time code"),
        seconds("total_s", "length of all cues"),
    ),
)
