"""Hear the tracks of a batch of films.

Takes a few fragments of each track. Writes one file a film: what a frozen network says of each
fragment, or its log-mel. Where the network has heard all seconds of an album for the features,
nothing is decoded. Files that nothing has changed for are kept.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval import hear

films = zip(snakemake.params.films, snakemake.params.tracks, snakemake.params.features, strict=True)
hear.hear_films(
    films=[hear.Album(*film) for film in films],
    outputs=snakemake.output.sounds,
    hearing=hear.Hearing(
        audio=snakemake.params.audio,
        most=snakemake.params.fragments_per_track,
        weights=next(iter(snakemake.input.weights), None),
        code=snakemake.params.source,
        threads=snakemake.threads,
    ),
)
