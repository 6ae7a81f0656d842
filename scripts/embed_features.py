"""Measure the embeddings of one network on the cues of a batch of films, once a second.

Loads the network once, on the GPU if there is one. Reads each film's cues and, for each cue, its
part of the album track (or of the film's own sound). Writes one table a film, one row a cue and
second. Tables that nothing has changed for are kept.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.features import embed, table

source = snakemake.params.sound
videos = snakemake.input.sound if source == "film" else [None] * len(snakemake.input.cues)

embed.embed_films(
    feature_set=snakemake.wildcards.set,
    weights=snakemake.input.weights,
    films=[
        table.FilmSound(film_id, source, cues, tracks, video)
        for film_id, cues, tracks, video in zip(
            snakemake.params.films,
            snakemake.input.cues,
            snakemake.input.tracks,
            videos,
            strict=True,
        )
    ],
    outputs=snakemake.output.tables,
    code=snakemake.params.source,
    threads=snakemake.threads,
)
