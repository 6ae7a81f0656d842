"""Answer the searches of the config.

Looks at the pictures and films, reads the words and hears the tracks that are asked with, and finds
the tracks that lie nearest. Writes them as a table, and as a page to sort, filter and hear them on,
which needs no server.
"""

from scorelens import logs

logs.start(snakemake.log[0])

import torch

from scorelens.retrieval.search import search, search_config

torch.set_num_threads(snakemake.threads)
search.answer_searches(
    searches=[search_config.Search(**asked) for asked in snakemake.params.searches],
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
    answers=snakemake.output.answers,
    page=snakemake.output.page,
)
