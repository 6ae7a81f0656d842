"""Evaluate a model of retrieval by scenes: does the track that plays in a scene rank high?

Reads the model's embeddings of the test films and their tracks, the scenes of all films, of which
those of test films count, and their words. Writes the rank of the right track, among all tracks and
in the film's own album, with intervals over films and what it is by chance, and draws it.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.retrieval.evaluate import plot, scenes

torch.set_num_threads(snakemake.threads)
scenes.evaluate_scenes(
    model=snakemake.input.model,
    embeddings=snakemake.input.embeddings,
    films=snakemake.input.films,
    scenes=snakemake.input.scenes,
    words=snakemake.input.words,
    texts=next(iter(snakemake.input.texts), None),
    weights=next(iter(snakemake.input.weights), None),
    samples=snakemake.params.samples,
    permutations=snakemake.params.permutations,
    seed=snakemake.params.seed,
    output=snakemake.output.scores,
)
plot.plot_scenes(snakemake.output.scores, snakemake.output.figure)
