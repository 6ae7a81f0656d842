"""Measure a feature set that is computed, not learned, on every cue of one film."""

import os

from scorelens.features import mir, table

SETS = {"mir": table.FeatureSet(mir.NAMES, mir.RATE_HZ, mir.measure)}


def extract_film(
    film_id: str,
    feature_set: str,
    source: str,
    cues: str | os.PathLike,
    tracks: str | os.PathLike,
    video: str | os.PathLike | None,
    output: str | os.PathLike,
) -> None:
    """Write the features of a film's cues, as table.write_film does.

    feature_set: a name of SETS. The others are those of table.FilmSound.
    """
    film = table.FilmSound(film_id, source, cues, tracks, video)
    table.write_film(film, SETS[feature_set], output, table.origin(film, feature_set))
