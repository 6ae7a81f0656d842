"""Frame features of the cues of a film, on its 1 Hz grid.

`extract` does one film for a computed set, `embed` many films for a network; `table` is how both
write and `sounds` where the samples come from. `mir` is the set of 70 MIR features (140 columns)
of Ma et al. 2021, with the modules `timbre`, `tonality`, `pitch`, `rhythm` and `roughness` for the
features, `frames` for what they share and `texture` for the way from frames to seconds. `musicnn`,
`vggish` and `yamnet` are pretrained networks, with `mel` for their spectrograms and `networks` for
what they share. `columns` holds the name, unit, range, definition and source of each feature.
"""
