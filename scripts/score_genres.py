"""Score the genre models.

Reads the predictions of every model and feature set. Writes precision, recall and F1 of each genre
and their unweighted mean over the genres (`macro`), with 95% bootstrap intervals over the films.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres import score

score.score(
    predictions=dict(zip(snakemake.params.models, snakemake.input.predictions, strict=True)),
    repeats=snakemake.params.repeats,
    seed=snakemake.params.seed,
    output=snakemake.output.scores,
)
