"""Train one model of trailers on their picture or their sound, fold by fold.

Reads the table of trailers and what the model takes: the trailers' samples, or tables about these,
or a network's embeddings or feature maps. Writes predictions for each trailer and its moments by
folds that were not trained on its title.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.model import train

train.train_trailers(
    network=snakemake.wildcards.network,
    model=snakemake.wildcards.model,
    table=snakemake.params.table,
    samples=dict(zip(snakemake.params.trailers, snakemake.input.samples, strict=True)),
    tables=snakemake.input.tables,
    groups=snakemake.input.groups,
    settings=snakemake.params.settings,
    seed=snakemake.params.seed,
    predictions=snakemake.output.predictions,
    moments=snakemake.output.moments,
    threads=snakemake.threads,
)
