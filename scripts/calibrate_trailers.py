"""Measure the calibration of the models of trailers on held-out titles.

Reads the predictions of every model, and the groups of titles. Writes Brier scores, calibration
errors and reliability bins, and draws these.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.data.groups import read_groups
from scorelens.trailers.evaluate import calibrate

calibrate.calibrate_trailers(
    predictions=dict(zip(snakemake.params.runs, snakemake.input.predictions, strict=True)),
    samples=snakemake.params.samples,
    seed=snakemake.params.seed,
    calibration=snakemake.output.calibration,
    reliability=snakemake.output.reliability,
    figure=snakemake.output.figure,
    groups=read_groups(snakemake.input.groups).of_title,
)
