"""Cues: which album track plays when in a film (the task of Score Stamper, Ma et al. 2021).

The study matches the film in segments of 5 s and merges nearby hits; `dejavu` does so. By default
the whole film is matched at once: the hashes of a cue lie on one alignment of film time with track
time, and their evidence is added up along it for as long as the cue lasts. `speed` estimates how
fast the film runs, `alignment` matches hashes and finds alignments, `evidence` adds up evidence a
second, `viterbi` finds the best path through the film, `match` makes the cue table. `score` and
`calibration` compare it with the truth, `annotations` with what people marked, `plot` and `export`
show it.
"""
