"""Distributions of musical features over the films of each genre."""

import pandas as pd

from scorelens.features import COLUMNS, STATISTICS
from scorelens.sections import formats
from scorelens.sections.box_plots import plot_by_genre

RMS = "dynamics.rms.mean"
TITLES = {
    RMS: "loudness (RMS)",
    "dynamics.rms.std": "RMS, std. dev.",
    "rhythm.tempo.mean": "tempo",
    "rhythm.pulse_clarity.mean": "pulse clarity",
    "tone.brightness.mean": "share above 1.5 kHz",
    "timbre.centroid.mean": "spectral centroid",
    "timbre.centroid.std": "centroid, std. dev.",
    "timbre.roughness.mean": "roughness",
    "timbre.flatness.mean": "spectral flatness",
    "tone.entropy.mean": "spectral entropy",
    "tone.key_mode.mean": "major (+) or minor (-)",
    "tone.key_clarity.mean": "key clarity",
}
UNITS = {f"{feature.name}.{s}": feature.unit for feature in COLUMNS for s in STATISTICS}
UNITS[RMS] = "dB"


def plot_features(bags: pd.DataFrame, films: pd.DataFrame) -> str | None:
    """Draw box plots over films, genre by genre, of the features in `TITLES`.

    Parameters
    ----------
    bags : DataFrame
        Table of BAGS of one feature set.
    films : DataFrame
        Table of FILMS.

    Returns
    -------
    str or None
        The figure as a data URI; None if the set has no value of these features.
    """
    means = film_means(bags)
    labels = {
        name: TITLES[name] + (f", {UNITS[name]}" if UNITS[name] else "")
        for name in means.columns.drop("film_id")
    }
    return plot_by_genre(means, films, labels)


def film_means(bags: pd.DataFrame) -> pd.DataFrame:
    """Average the features in `TITLES` over the cues of each film.

    Parameters
    ----------
    bags : DataFrame
        Table of BAGS of one feature set.

    Returns
    -------
    DataFrame
        One row a film: film_id and the features that the set has; RMS in dB, averaged in dB.
    """
    shown = [name for name in TITLES if name in bags]
    table = bags[["film_id", *shown]]
    if RMS in shown:
        table = table.assign(**{RMS: formats.decibels(table[RMS])})
    return table.groupby("film_id", sort=False).mean().reset_index()
