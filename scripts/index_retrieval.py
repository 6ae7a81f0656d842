"""Put all music that can be found in its place: the corpus's albums and the libraries.

Reads what is heard of each album and of each part of a library. Writes the index of the tracks'
places by the model that answers searches, and a table that names them.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.retrieval.search import track_index

torch.set_num_threads(snakemake.threads)
track_index.index_music(
    model=snakemake.input.model,
    sources=[
        *track_index.albums_of(
            snakemake.params.films, snakemake.input.albums, snakemake.input.tracks
        ),
        *track_index.shelves_of(
            snakemake.params.parts, snakemake.input.parts, snakemake.input.part_tables
        ),
    ],
    index=snakemake.output.index,
    table=snakemake.output.table,
)
