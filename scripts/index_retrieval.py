"""Index the tracks of the films and of the libraries.

Reads the fragments of each album and of each part of a library. Writes the index of the tracks'
embeddings by the model for searches, and a table that names them.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.retrieval.search import track_index

torch.set_num_threads(snakemake.threads)
track_index.index_tracks(
    model=snakemake.input.model,
    sources=[
        *track_index.film_albums(
            snakemake.params.films, snakemake.input.albums, snakemake.input.tracks
        ),
        *track_index.library_parts(
            snakemake.params.parts, snakemake.input.parts, snakemake.input.part_tables
        ),
    ],
    index=snakemake.output.index,
    table=snakemake.output.table,
)
