"""Embed the cues of a batch of films with an audio network, once a second.

Loads the network once, on the GPU if there is one. Reads each film's cues and, for each cue, its
part of the album track (or of the film's own sound). Writes one table a film, one row a cue and
second. Tables that nothing has changed for are kept.
"""

from itertools import zip_longest

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.features import embed, table

feature_set, source = snakemake.wildcards.set, snakemake.params.sound
videos = snakemake.params.videos if source == "film" else []

embed.embed_films(
    feature_set=feature_set,
    weights=snakemake.input.weights,
    films=[
        table.film_sound(feature_set, film_id, source, cues, tracks, video, audio)
        for film_id, audio, tracks, cues, video in zip_longest(
            snakemake.params.films,
            snakemake.params.audios,
            snakemake.input.tracks,
            snakemake.input.cues,
            videos,
        )
    ],
    outputs=snakemake.output.tables,
    code=snakemake.params.source,
    threads=snakemake.threads,
)
