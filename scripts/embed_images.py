"""Look at the pictures of films.

Reads a picture a film and asks a frozen network about it. Writes one table of vectors, one row a
film. Pictures that the table knows from before, by the same network and code, are not looked at
again.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.embed import embed_images

embed_images.see_pictures(
    pictures=snakemake.params.pictures,
    network=snakemake.params.network,
    weights=snakemake.input.weights,
    code=snakemake.params.source,
    output=snakemake.output.table,
    threads=snakemake.threads,
)
