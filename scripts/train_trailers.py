"""Train one model of trailers on their picture or their sound, fold by fold.

Reads the trailers' samples, or a network's embeddings of their frames or sound, and the table of
trailers. Writes predictions for each trailer and its moments by folds that were not trained on its
title.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.trailers.model import train

torch.set_num_threads(snakemake.threads)
train.train_trailers(
    network=snakemake.wildcards.network,
    model=snakemake.wildcards.model,
    table=snakemake.params.table,
    samples=dict(zip(snakemake.params.trailers, snakemake.input.samples, strict=True)),
    vectors=snakemake.input.vectors,
    groups=snakemake.input.groups,
    settings=snakemake.params.settings,
    seed=snakemake.params.seed,
    predictions=snakemake.output.predictions,
    moments=snakemake.output.moments,
)
