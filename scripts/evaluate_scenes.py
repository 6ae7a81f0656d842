"""Judge a model by scenes: does the track that plays there rank high?

Reads where the model puts the test films and their tracks, and the scenes of all films; those of
test films count. Writes how far up the right track stands, among all tracks and in the film's own
album, with intervals over films and what it is by chance, and draws it.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.retrieval.evaluate import plot, scenes

torch.set_num_threads(snakemake.threads)
scenes.judge_scenes(
    model=snakemake.input.model,
    places=snakemake.input.places,
    films=snakemake.input.films,
    scenes=snakemake.input.scenes,
    words=next(iter(snakemake.input.texts), None),
    weights=next(iter(snakemake.input.weights), None),
    samples=snakemake.params.samples,
    permutations=snakemake.params.permutations,
    seed=snakemake.params.seed,
    output=snakemake.output.scores,
)
plot.plot_scenes(snakemake.output.scores, snakemake.output.figure)
