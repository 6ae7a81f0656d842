"""Fuse what picture and sound say of trailers.

Reads the answers of a model of the picture and of one of the sound. How much each counts is found,
fold by fold, in the trailers that teach.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.model import fusion

fusion.fuse_trailers(snakemake.input.modalities, snakemake.output.predictions)
