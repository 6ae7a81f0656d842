"""Compare every pair of models of trailers on the same titles.

Reads the predictions of every model, and the groups of titles. Writes the differences in average
precision and in F1, with bootstrap intervals, and p-values by random swaps of predictions,
corrected over all pairs.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.data.groups import read_groups
from scorelens.trailers.evaluate import model_comparison

model_comparison.compare_models(
    predictions=dict(zip(snakemake.params.runs, snakemake.input.predictions, strict=True)),
    samples=snakemake.params.samples,
    seed=snakemake.params.seed,
    output=snakemake.output.comparisons,
    groups=read_groups(snakemake.input.groups).of_title,
)
