"""A closer look at the best model of each feature set: any threshold, each film, label sets."""

import os
from collections.abc import Mapping

from scorelens import figures
from scorelens.genres.evaluate.confusion import confusion_figure
from scorelens.genres.evaluate.precision_recall import precision_recall_figure
from scorelens.genres.evaluate.scatter import film_measures, scatter_figure
from scorelens.genres.evaluate.score import MACRO, best_models
from scorelens.tables import GENRE_CUES, GENRE_SCORES, PREDICTIONS, read_table

PAPER_MODEL = "average_pooling"  # of the paper's scatter of films
Paths = Mapping[tuple[str, str], str | os.PathLike]


def survey(
    scores: str | os.PathLike,
    predictions: Paths,
    cues: Paths,
    precision_recall: str | os.PathLike,
    films: str | os.PathLike,
    label_sets: str | os.PathLike,
) -> None:
    """Draw three figures of the models that are not baselines.

    scores: the table of scores. predictions, cues: tables of the contracts PREDICTIONS and
    GENRE_CUES for each (feature set, model). Writes `precision_recall`, the curves of the best
    model of each feature set by macro F1; `films`, precision and recall of every film, of the same
    models and of average pooling; `label_sets`, what the best model of all takes for what.
    """
    table = read_table(scores, GENRE_SCORES)
    best = best_models(table)
    said = {run: read_table(predictions[run], PREDICTIONS) for run in best}
    figures.save(precision_recall_figure(said), precision_recall)
    pooled = [(feature_set, PAPER_MODEL) for feature_set, _ in best]
    points = {
        run: film_measures(
            read_table(cues[run], GENRE_CUES), read_table(predictions[run], PREDICTIONS)
        )
        for run in dict.fromkeys([*best, *(run for run in pooled if run in cues)])
    }
    figures.save(scatter_figure(points), films)
    macro = table[table.genre == MACRO].set_index(["feature_set", "model"]).f1
    first = max(best, key=lambda run: macro[run])
    figures.save(confusion_figure(first, said[first]), label_sets)
