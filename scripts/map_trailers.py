"""Compute the feature maps of the frames of a batch of trailers with a pretrained network.

Reads the trailers' samples and the weights of the network.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.data import embed

embed.map_trailers(
    samples=dict(zip(snakemake.params.trailers, snakemake.input.samples, strict=True)),
    network=snakemake.wildcards.network,
    weights=snakemake.input.weights,
    output=snakemake.output.table,
    threads=snakemake.threads,
)
