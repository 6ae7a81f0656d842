"""Draw how the networks trained.

Reads the training curves of every network and feature set. Writes one figure: the loss on the
training films and on the film held out against the epoch, over all folds and training runs.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.evaluate import learning_curves

learning_curves.plot_learning_curves(
    curves=dict(zip(snakemake.params.models, snakemake.input.curves, strict=True)),
    figure=snakemake.output.figure,
)
