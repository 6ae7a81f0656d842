"""Fuse the predictions for trailers by picture and by sound.

Reads the predictions of a model of the picture and of one of the sound. Their weights are fitted,
fold by fold, on the training trailers.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.model import fusion

fusion.fuse_trailers(snakemake.input.modalities, snakemake.output.predictions)
