"""Train one model of retrieval.

Reads the films with their parts of the split, their vectors, and the fragments of their tracks.
Writes the model, its losses epoch by epoch, and where it puts the test films and their tracks: with
all that it sees of a film, and with each smaller choice. A training that is cut short goes on from
its last checkpoint, which lies beside the model.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.retrieval.model import train

torch.set_num_threads(snakemake.threads)
train.train_retrieval(
    configuration=snakemake.wildcards.configuration,
    inputs={
        name: snakemake.input[name] or None
        for name in ("films", "tracks", "fragments", "images", "texts")
    },
    encoders=snakemake.params.encoders,
    settings=snakemake.params.settings,
    seed=snakemake.params.seed,
    checkpoint=snakemake.params.checkpoint,
    outputs=dict(snakemake.output.items()),
)
