"""Annotations: cues that people mark in a film, to evaluate the predicted cues against.

`files` lists the files of a folder, `reading` reads one, `track_names` finds the tracks that they
name, `table` joins all to one table. `reference` makes the majority of several annotators and the
spans of a scope. `film_scores` scores the cues of one film, `agreement` compares annotators,
`confidence` measures calibration, `evaluate` runs them over all films, and `plot` draws them.

This module holds the constants alone, so that it can be imported without pandas.
"""

MAJORITY = "majority"  # as a reference: what more than half of the annotators of a film mark
ALL = "all"  # as both annotators of a comparison: all annotators of a film
MATCHED, CORRECTED = "matched", "corrected"  # cues that are scored
MUSIC, ALBUM, TRACK = SCOPES = ("music", "album", "track")
