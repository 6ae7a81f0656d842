"""Embed the scenes of a batch of films, their cues, with an image network.

Loads the network once. Reads each film's cues and decodes a few frames of each; writes one table a
film, one row a cue. Tables that nothing has changed for are kept.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.scenes.embed import embed_films

embed_films(
    films=snakemake.params.films,
    videos=snakemake.params.videos,
    cues=snakemake.input.cues,
    statuses=snakemake.input.statuses,
    outputs=snakemake.output.tables,
    network=snakemake.params.network,
    weights=snakemake.input.weights,
    frames=snakemake.params.frames,
    code=snakemake.params.source,
    threads=snakemake.threads,
)
