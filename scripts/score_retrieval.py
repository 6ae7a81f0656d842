"""Score the models of retrieval.

Reads where each puts the test films and their tracks. Writes recalls, the median rank and the mean
reciprocal rank, with intervals over films and what they are by chance, of queries with all that a
model sees and with less; and where each film's own tracks are in its list.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.evaluate import score

score.score_retrieval(
    places=snakemake.input.places,
    samples=snakemake.params.samples,
    permutations=snakemake.params.permutations,
    seed=snakemake.params.seed,
    scores=snakemake.output.scores,
    ranks=snakemake.output.ranks,
)
