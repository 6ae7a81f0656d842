"""Train a chunk of the folds of one genre model on one feature set.

A fold leaves out one film, or a group of them. Reads the film table, the groups of the films and
the bags of the feature set. Writes the predictions of every fold for the films left out and for
their cues, its losses, and a model file (`scorelens/learning/model_io.py` describes it).
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.model import fold_jobs

fold_jobs.train_chunk(
    model=snakemake.wildcards.model,
    feature_set=snakemake.wildcards.set,
    films=snakemake.input.films,
    bags=snakemake.input.bags,
    genres=snakemake.params.genres,
    settings=snakemake.params.settings,
    chunk=(int(snakemake.wildcards.chunk), snakemake.params.chunks),
    seed=snakemake.params.seed,
    threads=snakemake.threads,
    outputs=dict(snakemake.output.items()),
    folds=snakemake.params.folds,
    groups=snakemake.input.groups,
)
