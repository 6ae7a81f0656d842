"""The clips of films in which a cue plays: their picture, labels and predictions."""

import itertools

import numpy as np
import pandas as pd

from scorelens.audiovisual_comparison.picture import MEASURES, summarise_picture
from scorelens.evaluation import THRESHOLD
from scorelens.evaluation.clustered_difference import compare_clustered
from scorelens.evaluation.group_difference import LABELLINGS, standardise
from scorelens.evaluation.multiplicity import benjamini_hochberg
from scorelens.genres import WHOLE_TRACKS

CLIP = ["film_id", "cue_id"]


def clip_values(visuals: pd.DataFrame, cues: pd.DataFrame) -> pd.DataFrame:
    """Summarise the picture of each clip: of the seconds whose middle lies in the cue.

    Parameters
    ----------
    visuals : pandas.DataFrame
        Rows of VISUALS, of any number of films.
    cues : pandas.DataFrame
        Rows of CUES.

    Returns
    -------
    pandas.DataFrame, one row per clip that has pictures
        The measures of `MEASURES`, by (film_id, cue_id): medians over the seconds, and cuts per
        minute; NaN where the clip lacks one.
    """
    by_film = dict(list(visuals.groupby("film_id")))
    parts = [
        _clip_seconds(by_film[film], rows)
        for film, rows in cues.groupby("film_id", sort=False)
        if film in by_film
    ]
    seconds = pd.concat([visuals[:0].assign(cue_id=""), *parts], ignore_index=True)
    return summarise_picture(seconds, CLIP)


def clip_predictions(
    genre_cues: pd.DataFrame, cues: pd.DataFrame, feature_set: str
) -> pd.DataFrame:
    """Decide the genres of each clip from its cue alone, as if it were all music of its film.

    Parameters
    ----------
    genre_cues : pandas.DataFrame
        Rows of GENRE_CUES of one model.
    cues : pandas.DataFrame
        Rows of CUES, of the same films.
    feature_set : str
        Of the model. If its instances are whole tracks, a clip has the prediction of its track.

    Returns
    -------
    pandas.DataFrame of bool, shape (clips, genres)
        By (film_id, cue_id); clips whose cue the model has no prediction for are left out.
    """
    wide = genre_cues.pivot_table(index=CLIP, columns="genre", values="probability", sort=False)
    instance = "track_id" if WHOLE_TRACKS in feature_set else "cue_id"
    wanted = pd.MultiIndex.from_frame(cues[["film_id", instance]], names=CLIP)
    clips = pd.MultiIndex.from_frame(cues[CLIP])
    known = wanted.isin(wide.index)
    decided = wide.loc[wanted[known], genre_cues["genre"].drop_duplicates()] > THRESHOLD
    return decided.set_axis(clips[known])


def compare_clips(
    values: pd.DataFrame,
    actual: pd.DataFrame,
    predicted: pd.DataFrame,
    decided: pd.DataFrame | None,
    permutations: int,
    samples: int,
    seed: int,
) -> pd.DataFrame:
    """Compare the clips of each genre with all other clips, by every labelling.

    Parameters
    ----------
    values : pandas.DataFrame, shape (clips, measures)
        As `clip_values` returns them.
    actual, predicted : pandas.DataFrame of bool, shape (films, genres)
        Labels and predictions of films. A clip has the labels of its film.
    decided : pandas.DataFrame of bool, shape (clips, genres), or None
        As `clip_predictions` returns them; None takes the predictions of the films.
    permutations, samples : int
        Behind a p-value, and behind an interval.
    seed : int

    Returns
    -------
    pandas.DataFrame, one row per genre, measure and labelling
        `films_with`, `films_without`, `clips_with`, `clips_without`; `difference`, `low`, `high` in
        standard deviations of the clips, `raw_difference` in the unit of the measure; `p` over
        films and `p_adjusted` (Benjamini and Hochberg over the labelling); `p_published`, of the
        Mann-Whitney U test over clips with Bonferroni's correction over the labelling.
    """
    of_films = values.index.get_level_values("film_id")
    known = of_films.isin(actual.index)
    if decided is not None:
        known &= values.index.isin(decided.index)
    values, of_films = values[known], of_films[known]
    labels = actual.loc[of_films].to_numpy()
    guessed = predicted.loc[of_films] if decided is None else decided.loc[values.index]
    guesses = guessed[actual.columns].to_numpy()
    groups = np.concatenate([labels, guesses, guesses & ~labels], axis=1)
    columns = [(genre, name) for name in LABELLINGS for genre in actual.columns]
    film = pd.factorize(of_films)[0]
    tables = [
        _compare_measure(values[[measure]], groups, film, permutations, samples, seed).assign(
            genre=[genre for genre, _ in columns],
            labelling=[labelling for _, labelling in columns],
            measure=measure,
        )
        for measure in MEASURES
    ]
    return _adjusted(pd.concat(tables), list(actual.columns))


def _compare_measure(
    column: pd.DataFrame,
    groups: np.ndarray,
    film: np.ndarray,
    permutations: int,
    samples: int,
    seed: int,
) -> pd.DataFrame:
    """One row per group. column: (clips, 1). groups: bool (clips, groups). film: int (clips,)."""
    scaled = standardise(column).to_numpy()[:, 0]
    known = ~np.isnan(scaled)
    inside, film = groups[known], film[known]
    compared = compare_clustered(scaled[known], inside, film, permutations, samples, seed)
    films = [[len(np.unique(film[mask])) for mask in side.T] for side in (inside, ~inside)]
    return pd.DataFrame(
        {
            **compared._asdict(),
            "raw_difference": compared.difference * column.std(ddof=0).item(),
            "films_with": films[0],
            "films_without": films[1],
            "clips_with": inside.sum(axis=0),
            "clips_without": (~inside).sum(axis=0),
        }
    )


def _adjusted(rows: pd.DataFrame, genres: list[str]) -> pd.DataFrame:
    """Rows by genre, measure and labelling, with p-values corrected over each labelling."""
    order = list(itertools.product(genres, MEASURES, LABELLINGS))
    rows = rows.set_index(["genre", "measure", "labelling"]).loc[order].reset_index()
    by_labelling = rows.groupby("labelling")
    adjusted = by_labelling["p"].transform(lambda p: benjamini_hochberg(p.to_numpy()))
    tests = by_labelling["p_independent"].transform("count")
    published = (rows["p_independent"] * tests).clip(upper=1)
    return rows.assign(p_adjusted=adjusted, p_published=published)


def _clip_seconds(visuals: pd.DataFrame, cues: pd.DataFrame) -> pd.DataFrame:
    """The seconds of each cue of a film, with its cue_id; cues that overlap share seconds."""
    visuals = visuals.sort_values("time_s")
    middle = visuals["time_s"].to_numpy() + 0.5
    first, last = (np.searchsorted(middle, cues[f"film_{end}_s"]) for end in ("start", "end"))
    rows = np.concatenate([np.arange(*span) for span in zip(first, last, strict=True)])
    return visuals.iloc[rows].assign(cue_id=np.repeat(cues["cue_id"].to_numpy(), last - first))
