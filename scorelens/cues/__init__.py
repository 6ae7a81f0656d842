"""Cues: which album track plays when in a film (the task of Score Stamper, Ma et al. 2021).

The study matches the film in segments of 5 s and merges nearby hits; `dejavu` does so. By default
the whole film is matched at once: all that a cue matches lies on one line of track time against
film time, whatever its tempo and pitch. `lines` proposes such lines, `coincidence` tests them at
the place, `tracking` follows the music through the film by `viterbi`, `runs` makes cues of it, and
`match` does all for a film. `corrections` applies what people decided about its cues. `score` and
`calibration` compare cues with the truth, `annotations` with what people marked, `plot` and
`export` show them.
`levels` measures by `separation` of `spectra` how loud the music of a cue is, `roles` sums it up.
"""
