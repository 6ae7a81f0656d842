"""Score the models of retrieval.

Reads each model's embeddings of the test films and their tracks. Writes recalls, the median rank
and the mean reciprocal rank, with intervals over films and their values by chance, of queries with
all parts of a film and with fewer; and the ranks of each film's own tracks.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.evaluate import score

score.score_retrieval(
    embeddings=snakemake.input.embeddings,
    samples=snakemake.params.samples,
    permutations=snakemake.params.permutations,
    seed=snakemake.params.seed,
    scores=snakemake.output.scores,
    ranks=snakemake.output.ranks,
)
