"""Compare every pair of genre models on the same films.

Reads the predictions of every model and feature set, and the groups of the films. Writes the
differences in macro F1 and in mean average precision with bootstrap intervals, and p-values by
approximate randomisation, corrected over all pairs.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.evaluate import compare

compare.compare_models(
    predictions=dict(zip(snakemake.params.models, snakemake.input.predictions, strict=True)),
    samples=snakemake.params.samples,
    seed=snakemake.params.seed,
    output=snakemake.output.comparisons,
    groups=snakemake.input.groups,
)
