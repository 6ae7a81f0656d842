"""Score the models of trailers, and compare picture with sound.

Reads the predictions for trailers whose titles were held out, and the groups of titles. Writes
precision, recall and F1 at each threshold, average precision and accuracies, with intervals over
groups of titles and chance; and picture minus sound, genre by genre.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.data.groups import read_groups
from scorelens.trailers.evaluate import score

score.score(
    predictions=dict(zip(snakemake.params.runs, snakemake.input.predictions, strict=True)),
    thresholds=snakemake.params.thresholds,
    samples=snakemake.params.samples,
    permutations=snakemake.params.permutations,
    seed=snakemake.params.seed,
    scores=snakemake.output.scores,
    modalities=snakemake.output.modalities,
    primary=snakemake.params.primary,
    groups=read_groups(snakemake.input.groups).of_title,
)
