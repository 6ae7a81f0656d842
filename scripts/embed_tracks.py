"""Hear the tracks of a batch of films.

Takes a few fragments of each track. Writes one file a film: what a frozen network says of each
fragment, or its log-mel. Where the network has heard all seconds of an album for the features,
nothing is decoded. Files that nothing has changed for are kept.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.embed import embed_tracks

embed_tracks.hear_films(
    films=embed_tracks.open_albums(
        snakemake.params.films,
        snakemake.params.folders,
        snakemake.params.files,
        snakemake.params.corpus,
        snakemake.params.features,
    ),
    outputs=snakemake.output.sounds,
    table=snakemake.output.tracks,
    hearing=embed_tracks.Hearing(
        audio=snakemake.params.audio,
        most=snakemake.params.fragments_per_track,
        weights=next(iter(snakemake.input.weights), None),
        code=snakemake.params.source,
        threads=snakemake.threads,
    ),
)
