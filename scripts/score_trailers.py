"""Score the models of trailers, and hold picture and sound side by side.

Reads what each says of trailers whose title it did not learn from. Writes precision, recall and F1
at each threshold, average precision, and how often the likeliest genre is right, with intervals
over titles and what they are by chance; and, genre by genre, picture less sound.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.evaluate import score

score.score(
    predictions=dict(zip(snakemake.params.runs, snakemake.input.predictions, strict=True)),
    thresholds=snakemake.params.thresholds,
    samples=snakemake.params.samples,
    permutations=snakemake.params.permutations,
    seed=snakemake.params.seed,
    scores=snakemake.output.scores,
    modalities=snakemake.output.modalities,
)
