"""Score and compare the models of retrieval.

Reads each model's embeddings of the test films and their tracks, and what the baselines are made
from. Writes recalls, the median rank, the mean reciprocal rank and the mean percentile, with
intervals over films and their values by chance, of queries with all parts of a film and with fewer,
and of the baselines; the ranks of the tracks of each film; and paired comparisons.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.evaluate import score

score.score_retrieval(
    embeddings=snakemake.input.embeddings,
    dataset={
        name: snakemake.input[name] or None
        for name in ("films", "tracks", "fragments", "images", "texts")
    },
    primary=snakemake.params.primary,
    samples=snakemake.params.samples,
    permutations=snakemake.params.permutations,
    seed=snakemake.params.seed,
    outputs=dict(snakemake.output.items()),
)
