"""Embed the images of films.

Reads an image a film. Writes one table of embeddings by a pretrained network, one row a film.
Images that are in the table already, by the same network and code, are not embedded again.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.embed import embed_images

embed_images.embed_images(
    images=snakemake.params.pictures,
    network=snakemake.params.network,
    weights=snakemake.input.weights,
    code=snakemake.params.source,
    output=snakemake.output.table,
    threads=snakemake.threads,
)
