"""Train one model of the tagger.

Reads the tiles of all albums, or their embeddings, and the genres and groups of the films. Writes
predictions for tiles and tracks by folds that were not trained on the film of the track or its
group, and the model trained on all films, for new music.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.tagger import train

torch.set_num_threads(snakemake.threads)
train.train_tagger(
    model=snakemake.wildcards.model,
    films=snakemake.input.films,
    tiles=snakemake.input.tiles,
    albums=snakemake.params.albums,
    embeddings=snakemake.input.embeddings,
    embedding=snakemake.params.embedding,
    groups=snakemake.input.groups,
    settings=snakemake.params.settings,
    seed=snakemake.params.seed,
    outputs=dict(snakemake.output.items()),
)
