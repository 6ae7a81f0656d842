"""Losses of the networks from scratch in training: their tables."""

import os
from collections.abc import Mapping, Sequence
from math import log

import pandas as pd

from scorelens.evaluation import ALL
from scorelens.learning.cnn_architectures import ARCHITECTURES
from scorelens.tables import TAGGER_CURVES, TAGGER_LOSSES, read_table, write_table
from scorelens.tagger.model import ALL_GENRES, CURVE, Model


def list_curves(models: Sequence[Model]) -> pd.DataFrame:
    """List the losses of the networks of a model, epoch by epoch.

    Parameters
    ----------
    models : sequence of Model
        One of each fold, and last the one trained on all films.

    Returns
    -------
    pandas.DataFrame
        The columns of TAGGER_CURVES; empty for a model without networks from scratch.
    """
    folds = [*range(len(models) - 1), None]
    rows = [
        (fold, _network_genre(name, model.genres), epoch, *losses, uniform_loss(model))
        for fold, model in zip(folds, models, strict=True)
        for name, curve in model.arrays.items()
        if name.startswith(CURVE)
        for epoch, losses in enumerate(curve, start=1)
    ]
    table = pd.DataFrame(rows, columns=TAGGER_CURVES.names)
    return table.astype({"fold": "Int64"} | dict.fromkeys(table.columns[3:], float))


def uniform_loss(model: Model) -> float:
    """Compute the loss of a network that holds its classes to be equally probable.

    Parameters
    ----------
    model : Model
        With networks from scratch.

    Returns
    -------
    float
        In nats: of the number of genres, or of yes and no.

    Examples
    --------
    >>> round(uniform_loss(Model("cnn", list("0123456789"), {})), 3)
    2.303
    """
    return log(len(model.genres) if ARCHITECTURES[model.name].exclusive else 2)


def write_losses(
    curves: Mapping[str, str | os.PathLike], output: str | os.PathLike
) -> dict[str, pd.DataFrame]:
    """Summarize the lowest validation losses of all models, and write them.

    Parameters
    ----------
    curves : mapping of str to path
        Each model's table of TAGGER_CURVES.
    output : path
        Where TAGGER_LOSSES goes.

    Returns
    -------
    dict of str to pandas.DataFrame
        The curves of the folds of each model that has networks from scratch.
    """
    tables = {
        model: table[table["fold"].notna()]
        for model, path in curves.items()
        if len(table := read_table(path, TAGGER_CURVES))
    }
    rows = [{"model": model, **lowest_loss(table)} for model, table in tables.items()]
    write_table(pd.DataFrame(rows, columns=TAGGER_LOSSES.names), output, TAGGER_LOSSES)
    return tables


def lowest_loss(curves: pd.DataFrame) -> dict[str, float]:
    """Average the lowest validation loss of each network over networks and folds.

    Parameters
    ----------
    curves : pandas.DataFrame
        Rows of TAGGER_CURVES of one model. A network without validation tiles counts with its last
        epoch, and not in the validation loss.

    Returns
    -------
    dict of str to float
        The columns of TAGGER_LOSSES without `model`.
    """
    best = pd.DataFrame([_used_epoch(rows) for _, rows in curves.groupby(["fold", "genre"])])
    by_fold = best.groupby("fold")["validation_loss"].mean()
    return {
        "networks": len(best),
        "epoch": best["epoch"].mean(),
        "training_loss": best["training_loss"].mean(),
        "validation_loss": best["validation_loss"].mean(),
        "validation_spread": by_fold.std(ddof=0),
        "uniform_loss": best["uniform_loss"].iloc[0],
    }


def _used_epoch(curve: pd.DataFrame) -> pd.Series:
    """The row of the epoch whose parameters a network has."""
    losses = curve["validation_loss"]
    return curve.loc[losses.idxmin()] if losses.notna().any() else curve.iloc[-1]


def _network_genre(name: str, genres: Sequence[str]) -> str:
    network = name.removeprefix(CURVE)
    return ALL if network == ALL_GENRES else genres[int(network)]
