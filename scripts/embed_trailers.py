"""Embed the frames, or the sound, of a batch of trailers with a pretrained network.

Reads their samples. Writes the embedding of each frame, or of each window of the sound.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.trailers.data import embed

embed.embed_trailers(
    samples=dict(zip(snakemake.params.trailers, snakemake.input.samples, strict=True)),
    network=snakemake.wildcards.network,
    weights=snakemake.input.weights,
    output=snakemake.output.table,
    threads=snakemake.threads,
)
