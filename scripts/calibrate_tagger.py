"""Measure the calibration of the tagger's models.

Reads the predictions for tracks of held-out films. Writes Brier score and expected calibration
error with intervals, predicted probability and share of true genres in bins, and a figure of these.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.learning.film_groups import read_film_groups
from scorelens.tagger import calibrate

calibrate.calibrate_models(
    tracks=dict(zip(snakemake.params.models, snakemake.input.tracks, strict=True)),
    embedding=snakemake.params.embedding,
    samples=snakemake.params.samples,
    seed=snakemake.params.seed,
    calibration=snakemake.output.calibration,
    reliability=snakemake.output.reliability,
    figure=snakemake.output.figure,
    groups=read_film_groups(snakemake.input.groups),
)
