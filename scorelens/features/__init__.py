"""Frame features of the cues of a film, on its 1 Hz grid.

`extract` measures a set of signal descriptors on one film, `embed` a pretrained network on many;
`table` writes the rows of either, and `sounds` decodes the samples. `mir` is the set of 70 features
(140 columns) of Ma et al. 2021, with `timbre`, `tonality`, `level_chroma`, `pitch`, `rhythm` and
`roughness`; `frames` cuts sound into frames and `texture` averages them over windows. `essentia` is
a set of its own. `columns` and `essentia_columns` hold the name, unit, range, definition and source
of each feature. `unpack` reads published features.

Other stages import only what is offered here.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "columns": ["COLUMNS", "PITCH_CLASSES", "STATISTICS"],
        "embed": ["embed_films"],
        "extract": ["extract_film"],
        "pitch": ["harmonic_features"],
        "profiles": ["FAST"],
        "rhythm": ["rhythm_features"],
        "table": ["WHOLE", "film_sound"],
        "tonality": ["chroma_features", "estimate_key"],
    },
)
