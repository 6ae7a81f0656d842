"""Predict with a baseline, with each film, or each group of films, held out in turn.

Reads the film table, the groups of the films, and of a baseline that knows the length or the
loudness of the music the table of tracks or of bags. Writes the predictions of every film from the
others.
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
    tracks=next(iter(snakemake.input.tracks), None),
    bags=next(iter(snakemake.input.bags), None),
    settings=snakemake.params.settings,
)
