"""Errors of the levels of music that the product measures, against those of the mix."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from scorelens import media, tables
from scorelens.cues.decibels import LIMIT_DB
from scorelens.cues.levels import measure_cues

from .mixing import MadeFilm


def true_cues(film: MadeFilm) -> pd.DataFrame:
    """The true cues of album tracks, rows of CUES."""
    truth = film.truth[~film.truth.decoy].reset_index(drop=True)
    cues = truth.reindex(columns=tables.CUES.names).assign(
        cue_id=[f"cue_{number:04d}" for number in range(len(truth))],
        speed=truth.tempo,
        tempo=truth.tempo / 2 ** (truth.pitch_semitones / 12),
        equal_starts_s=[()] * len(truth),
        shared_tracks=[()] * len(truth),
        score=0.0,
        confidence=1.0,
    )
    return tables.as_typed(cues, tables.CUES)


def second_levels(
    film: MadeFilm, cues: pd.DataFrame, sounds: Mapping[str, str | media.Sound]
) -> pd.DataFrame:
    """True and measured levels of each second that is in a true cue and in one of the same track.

    Without rows where a cue of the film holds several tracks or pieces.
    """
    if len(film.truth) != len(film.film.cues):
        return pd.DataFrame()
    rows = measure_cues(film.film.film_id, cues, film.sound, sounds)
    rows = rows.merge(cues[["cue_id", "track_id"]], on="cue_id").rename(
        columns={"time_s": "second"}
    )
    numbered = film.truth[["track_id", "snr_db", "decoy"]].rename_axis("cue").reset_index()
    true = film.levels.merge(numbered[~numbered.decoy], on="cue")
    columns = ["track_id", "second", "music_db", "rest_db"]
    measured = rows[columns].drop_duplicates(["track_id", "second"])
    return true.merge(measured, on=["track_id", "second"], suffixes=("", "_measured"))


def summarize(seconds: pd.DataFrame) -> pd.DataFrame:
    """Errors for each level of cues.

    seconds: rows of `second_levels`. The level of a cue is the mean power of its seconds.
    """
    levels = ["music_db", "rest_db", "music_db_measured", "rest_db_measured"]
    keys = ["snr_db", "film_id", "cue"]
    powers = (10 ** (seconds[levels] / 10)).groupby([seconds[key] for key in keys]).mean()
    cues = _errors(10 * np.log10(powers)).reset_index()
    errors = _errors(seconds)
    rows = {
        snr_db: {
            "cues": int(of_level.sum()),
            **_describe(cues.ratio[of_level], "cue"),
            **_describe(errors.ratio[seconds.snr_db == snr_db], "second"),
            "level_median_db": errors.level[seconds.snr_db == snr_db].abs().median(),
        }
        for snr_db in sorted(cues.snr_db.unique(), reverse=True)
        for of_level in [cues.snr_db == snr_db]
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("snr_db")


def _errors(levels: pd.DataFrame) -> pd.DataFrame:
    ratio = _ratio_db(levels, "_measured") - _ratio_db(levels, "")
    return pd.DataFrame({"ratio": ratio, "level": levels.music_db_measured - levels.music_db})


def _describe(errors_db: pd.Series, name: str) -> dict[str, float]:
    size = errors_db.abs()
    return {
        f"{name}_median_db": size.median(),
        f"{name}_90_db": size.quantile(0.9),
        f"{name}_max_db": size.max(),
        f"{name}_bias_db": errors_db.median(),
    }


def _ratio_db(levels: pd.DataFrame, ending: str) -> pd.Series:
    return (levels[f"music_db{ending}"] - levels[f"rest_db{ending}"]).clip(-LIMIT_DB, LIMIT_DB)
