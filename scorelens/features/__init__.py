"""Frame features of the cues of a film, on its 1 Hz grid.

`extract` does one film for one feature set; `mir` is the set of 70 MIR features (140 columns) of
Ma et al. 2021, with the modules `timbre`, `tonality`, `pitch`, `rhythm` and `roughness` for the
features, `frames` for what they share, `texture` for the way from frames to seconds, and `columns`
for the name, unit, range, definition and source of each feature.
"""
