"""Draws diagnostics of the primary and the best genre models: thresholds, films, label sets."""

import os
from collections.abc import Mapping

from scorelens import figures
from scorelens.genres.evaluate.confusion import confusion_figure
from scorelens.genres.evaluate.precision_recall import precision_recall_figure
from scorelens.genres.evaluate.scatter import scatter_figure, score_films
from scorelens.genres.evaluate.score import headline_model, read_predictions, shown_models
from scorelens.tables import GENRE_CUES, GENRE_SCORES, read_table

PAPER_MODEL = "average_pooling"  # of the scatter of films in Ma et al. 2021
Paths = Mapping[tuple[str, str], str | os.PathLike]


def plot_diagnostics(
    scores: str | os.PathLike,
    predictions: Paths,
    cues: Paths,
    precision_recall: str | os.PathLike,
    films: str | os.PathLike,
    label_sets: str | os.PathLike,
) -> None:
    """Draw three figures of models that are not baselines.

    Parameters
    ----------
    scores : path
        Table of GENRE_SCORES.
    predictions, cues : mapping of (feature set, model) to path
        Tables of PREDICTIONS and GENRE_CUES.
    precision_recall : path
        Where to write precision against recall of the primary model, and of the best one of each
        feature set by macro F1.
    films : path
        Where to write precision and recall of every film, by the same models and by average
        pooling.
    label_sets : path
        Where to write which label sets the model of the headline predicts for which.
    """
    table = read_table(scores, GENRE_SCORES)
    shown = shown_models(table)
    of_shown = {run: read_predictions(predictions[run]) for run in shown}
    figures.save(precision_recall_figure(of_shown), precision_recall)
    pooled = [(feature_set, PAPER_MODEL) for feature_set, _ in shown]
    points = {
        run: score_films(read_table(cues[run], GENRE_CUES), read_predictions(predictions[run]))
        for run in dict.fromkeys([*shown, *(run for run in pooled if run in cues)])
    }
    figures.save(scatter_figure(points), films)
    headline = headline_model(table)
    first = headline if headline in of_shown else shown[0]
    figures.save(confusion_figure(first, of_shown[first]), label_sets)
