"""Corrections: what people decide about the cues of a film, and the table of cues that follows.

`reading` reads the user's file, `matching` finds the cue that a row is about, `revision` makes the
cue that a decision asks for, `apply` does so for all rows of a film and `correct` writes its
tables; `summary` lists the decisions of all films, and `scores` takes them as annotations.

This module holds the constants alone, so that it can be imported without pandas.
"""

RIGHT, WRONG, CHANGED, MISSED = VERDICTS = ("right", "wrong", "changed", "missed")
UNCHECKED = ""  # the verdict of a cue that nobody has checked
COLUMNS = (
    "film_id",
    "film_start_s",
    "film_end_s",
    "track_id",
    "verdict",
    "new_film_start_s",
    "new_film_end_s",
    "new_track_id",
    "new_track_start_s",
    "diegetic",
    "note",
    "annotator",
    "decided_at",
)
APPLIED, REPLACED, UNMATCHED = STATES = ("applied", "replaced", "unmatched")
