"""Train one model of retrieval.

Reads the films with their part of the split, their vectors, and the fragments of their tracks; and
the pictures, tags and plots themselves if the networks that encode them are trained too. Trains
several times. Writes the first model, and of all of them the losses by epoch and the embeddings of
the test films and their tracks: with all parts that a model sees, and with each smaller subset. An
interrupted training resumes from its last checkpoint, which is beside the model.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.retrieval.model import train, trained_encoders

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
    parts_of=snakemake.params.parts_of,
    trained_encoders=trained_encoders.open_encoders(
        snakemake.params.trained, snakemake.input.weights, snakemake.params.described
    ),
)
