"""Put all music that can be found in its place: the corpus's albums and the libraries.

Reads what is heard of each album and of each part of a library. Writes the index of the tracks'
places by the model that answers searches, and a table that names them.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.retrieval import catalogue

parts = zip(snakemake.input.parts, snakemake.params.parts, strict=True)

torch.set_num_threads(snakemake.threads)
catalogue.index_music(
    model=snakemake.input.model,
    sources=[
        *catalogue.albums_of(
            snakemake.params.films, snakemake.input.albums, snakemake.input.tracks
        ),
        *(catalogue.Shelf(sound, *part) for sound, part in parts),
    ],
    index=snakemake.output.index,
    table=snakemake.output.table,
)
