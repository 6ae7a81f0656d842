"""Train one model of trailers on their picture or their sound, fold by fold.

Reads the trailers' samples, or what a frozen network says of their frames or sound, and the table
of trailers. Writes what folds that did not learn from a trailer's title say of the trailer and of
its moments.
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
    settings=snakemake.params.settings,
    seed=snakemake.params.seed,
    predictions=snakemake.output.predictions,
    moments=snakemake.output.moments,
)
