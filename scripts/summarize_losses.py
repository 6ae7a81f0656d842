"""Summarize and draw how the networks of the tagger trained.

Reads the losses of every network from scratch. Writes the lowest validation loss of each model,
mean over folds, and one figure: losses in training and validation against the epoch.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.tagger import loss_plot

loss_plot.summarize_losses(
    curves=dict(zip(snakemake.params.models, snakemake.input.curves, strict=True)),
    losses=snakemake.output.losses,
    figure=snakemake.output.figure,
)
