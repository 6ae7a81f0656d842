"""Run the searches of the configuration.

Encodes the pictures, films, texts and tracks of the searches, and finds the nearest tracks of each.
Writes them as a table, and as a page to sort, filter and play, which needs no server.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.retrieval.search import search, search_config

torch.set_num_threads(snakemake.threads)
search.run_searches(
    searches=[search_config.Search(**options) for options in snakemake.params.searches],
    model=snakemake.input.model,
    index=snakemake.input.index,
    names=snakemake.input.names,
    weights={
        part: next(iter(snakemake.input.get(part)), None) for part in ("image", "text", "audio")
    },
    tracks=snakemake.params.tracks,
    frames=snakemake.params.frames,
    fragments=snakemake.params.fragments,
    threads=snakemake.threads,
    results=snakemake.output.results,
    page=snakemake.output.page,
)
