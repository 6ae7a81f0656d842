"""Measure whether the probabilities of the genre models are true.

Reads the predictions of every model and feature set for the films held out, and the groups of the
films. Writes Brier scores and calibration errors with intervals, the bins of the reliability
figure, and the figure.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.genres.evaluate import calibrate

calibrate.calibrate_models(
    predictions=dict(zip(snakemake.params.models, snakemake.input.predictions, strict=True)),
    groups=snakemake.input.groups,
    samples=snakemake.params.samples,
    seed=snakemake.params.seed,
    calibration=snakemake.output.calibration,
    reliability=snakemake.output.reliability,
    figure=snakemake.output.figure,
)
