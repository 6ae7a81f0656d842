"""Measure a feature set that is computed, not learned, on every cue of one film."""

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
    """Write the features of a film's cues, as table.write_film does.

    feature_set: `mir` or `essentia`; ending in `_tracks`, of the whole tracks of its album.
    profile: of `mir`, a name of profiles.PROFILES. The others are those of table.film_sound.
    Raises InputError if essentia is not installed.
    """
    film = table.film_sound(feature_set, film_id, source, cues, tracks, video, audio)
    if feature_set.removesuffix(table.WHOLE) == "essentia":
        features = table.FeatureSet(essentia.NAMES, essentia.RATE_HZ, essentia.measure)
    else:
        measure = partial(mir.measure, profile=profile)
        features = table.FeatureSet(mir.NAMES, mir.RATE_HZ, measure)
    provenance = table.origin(film, feature_set) | {"profile": profile}
    table.write_film(film, features, output, provenance)
