"""Score Stamper: which album track plays when in a film.

The study (Ma et al. 2021, Methods) matches the film in segments of 5 s and merges nearby hits:
`dejavu` does so. By default the whole film is matched at once: hashes of a cue lie on one line of
film time against track time, and their evidence is added up along it for as long as the cue lasts.
`speed` tells how fast the film runs, `lines` turns matching hashes into evidence per second, `path`
finds the best course through the film, `match` makes the cue table. `score` and `calibration` hold
it against the truth, `plot` and `labels` show it.
"""
