"""Measure a feature set of signal descriptors, `mir` or `essentia`, on the cues of one film."""

import os
from functools import partial

from scorelens.features import essentia, mir, table


def extract_film(
    film_id: str,
    feature_set: str,
    profile: str | None,
    source: str,
    cues: str | os.PathLike | None,
    tracks: str | os.PathLike,
    video: str | os.PathLike | None,
    output: str | os.PathLike,
    audio: str = "",
) -> None:
    """Write the features of a film's cues, one row a cue and second (tables.FEATURES).

    Parameters
    ----------
    film_id : str
    feature_set : str
        `mir` or `essentia`; ending in `_tracks`, of the whole tracks of its album.
    profile : str or None
        Of `mir`, a name in `features.profiles.PROFILES`.
    source : {"album", "film"}
        Where the sound of the cues comes from.
    cues : path or None
        The cues (tables.CUES); None for whole tracks.
    tracks : path
        The tracks of the album (tables.TRACKS).
    video : path or None
        The film, if `source` is `film`.
    output : path
    audio : str
        Number or language of the film's sound; empty for the default one.

    Raises
    ------
    InputError
        If essentia is needed and is not installed.
    MediaError
        If a sound does not decode.
    TableError
        If the track of a cue is unknown.
    """
    film = table.film_sound(feature_set, film_id, source, cues, tracks, video, audio)
    if feature_set.removesuffix(table.WHOLE) == "essentia":
        features = table.FeatureSet(essentia.NAMES, essentia.RATE_HZ, essentia.measure)
    else:
        measure = partial(mir.measure, profile=profile)
        features = table.FeatureSet(mir.NAMES, mir.RATE_HZ, measure)
    provenance = table.provenance_of(film, feature_set) | {"profile": profile}
    table.write_film(film, features, output, provenance)
