"""Train one genre model on one feature set, with each film left out in turn.

Reads the film table and, unless the model is a baseline, the bags of the feature set. Writes what
every fold says of the film it never saw, and a zip archive with what every fold has learnt
(`scorelens/genres/folds.py` describes it).
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres import folds

folds.train(
    model=snakemake.wildcards.model,
    feature_set=snakemake.wildcards.set,
    films=snakemake.input.films,
    bags=next(iter(snakemake.input.bags), None),
    genres=snakemake.params.genres,
    settings=snakemake.params.settings,
    seed=snakemake.params.seed,
    threads=snakemake.threads,
    predictions=snakemake.output.predictions,
    models=snakemake.output.models,
)
