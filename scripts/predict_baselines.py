"""Predict with a baseline, with each film, or each group of films, held out in turn.

Reads the film table and the groups of the films. Writes the predictions of every film from the
labels of the others.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.model import baselines

baselines.predict_baseline(
    model=snakemake.wildcards.model,
    films=snakemake.input.films,
    genres=snakemake.params.genres,
    seed=snakemake.params.seed,
    predictions=snakemake.output.predictions,
    folds=snakemake.params.folds,
    groups=snakemake.input.groups,
)
