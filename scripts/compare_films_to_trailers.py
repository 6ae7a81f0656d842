"""Hold what the music says of a film's genre against looks that were learnt from trailers.

Reads what a frozen network says of the trailers' frames and of the films' scenes, the tables of
both, and the predictions of one model of music. Writes how much each scene looks like each genre,
by trailers of other titles; and whether the films of a genre look like it more than others: by the
films' labels, by the predictions, and by the false positives alone.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.trailers.scenes import films_to_trailers

torch.set_num_threads(snakemake.threads)
films_to_trailers.compare(
    vectors=snakemake.input.vectors,
    table=snakemake.params.table,
    genres=snakemake.params.genres,
    scenes=snakemake.input.scenes,
    films=snakemake.input.films,
    predictions=snakemake.input.predictions,
    names=(snakemake.params.feature_set, snakemake.params.model, snakemake.params.network),
    permutations=snakemake.params.permutations,
    samples=snakemake.params.repeats,
    seed=snakemake.params.seed,
    classified=snakemake.output.scenes,
    scores=snakemake.output.scores,
)
