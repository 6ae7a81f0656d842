"""Score the genre models.

Reads the predictions of every model and feature set, and the groups of the films. Writes precision,
recall, F1 and average precision of each genre and their unweighted mean over the genres (`macro`),
with 95% bootstrap intervals over the films, the spread over training runs, and tests by chance.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.evaluate import score

score.score(
    predictions=dict(zip(snakemake.params.models, snakemake.input.predictions, strict=True)),
    samples=snakemake.params.samples,
    permutations=snakemake.params.permutations,
    seed=snakemake.params.seed,
    output=snakemake.output.scores,
    groups=snakemake.input.groups,
    primary=snakemake.params.primary,
)
