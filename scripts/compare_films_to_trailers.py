"""Compare the scenes of films with trailers, genre by genre.

Reads the embeddings of the trailers' frames and of the films' scenes, the tables of both, and the
predictions of one model of music. Writes the probability of each genre for each scene, by trailers
of other titles; and whether it is higher for the films of a genre than for others: by the films'
labels, by the predictions, and for the false positives alone.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.scenes import films_to_trailers

films_to_trailers.compare(
    vectors=snakemake.input.vectors,
    table=snakemake.params.table,
    genres=snakemake.params.genres,
    scenes=snakemake.input.scenes,
    films=snakemake.input.films,
    groups=snakemake.input.groups,
    predictions=snakemake.input.predictions,
    names=(snakemake.params.feature_set, snakemake.params.model, snakemake.params.network),
    permutations=snakemake.params.permutations,
    samples=snakemake.params.repeats,
    seed=snakemake.params.seed,
    classified=snakemake.output.scenes,
    scores=snakemake.output.scores,
)
