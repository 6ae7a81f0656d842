"""Schemas of the corrections of cues, and of what became of each."""

from scorelens.tables.columns import CUE_ID, FILM_ID, Column, Table


def _seconds(name: str, meaning: str) -> Column:
    return Column(name, "float64", meaning, "s", 0, None, True)


CORRECTIONS = Table(
    "corrections",
    "What people decided about the cues, a row a decision: the user's file.",
    (
        FILM_ID,
        _seconds("film_start_s", "start of the cue that is checked; missing for `missed`"),
        _seconds("film_end_s", "its end in the film, likewise"),
        Column("track_id", "string", "its track; empty for `missed`"),
        Column(
            "verdict",
            "string",
            "`right`, `wrong`, `changed` (edges or track), `missed` (a cue that is not there); "
            "empty for a remark alone",
        ),
        _seconds("new_film_start_s", "start by `changed` and `missed`; missing: as it was"),
        _seconds("new_film_end_s", "end, likewise"),
        Column("new_track_id", "string", "track, likewise"),
        _seconds(
            "new_track_start_s",
            "start in the track; missing: it follows `new_film_start_s`, or 0 in another track",
        ),
        Column("diegetic", "string", "whether the music is part of the scene: `yes`, `no`, empty"),
        Column("note", "string", "any text of one line"),
        Column("annotator", "string", "name of who decided; may be empty"),
        Column("decided_at", "string", "when, by ISO 8601; may be empty"),
    ),
)

_REASON = Column("reason", "string", "why it could not be applied; empty if it could")

DECISIONS = Table(
    "decisions",
    "Each correction, in the order of the decisions, and what became of it.",
    (
        *CORRECTIONS.columns,
        Column(
            "state", "string", "`applied`, `replaced` (by a later one on the cue) or `unmatched`"
        ),
        Column("matched_cue_id", "string", "the cue in the matcher's table; empty if none"),
        Column(CUE_ID.name, "string", "the cue in the corrected table; empty if none"),
        _REASON,
    ),
)

UNMATCHED_CORRECTIONS = Table(
    "unmatched corrections",
    "Corrections that could not be applied.",
    (*CORRECTIONS.columns, _REASON),
)

CORRECTION_COUNTS = Table(
    "correction counts",
    "How many corrections of each verdict there are, by annotator.",
    (
        Column("annotator", "string", "name of who decided; may be empty"),
        Column("verdict", "string", "as in the corrections"),
        Column("films", "int64", "films with such corrections", low=0),
        Column("applied", "int64", "corrections that the cues follow", low=0),
        Column("replaced", "int64", "corrections that later ones on the same cue replace", low=0),
        Column("unmatched", "int64", "corrections that could not be applied", low=0),
    ),
)
