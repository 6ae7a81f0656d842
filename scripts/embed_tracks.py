"""Embed fragments of the tracks of a batch of films.

Takes a few fragments of each track. Writes one file a film: the embedding of each fragment by a
pretrained network, or its log-mel, and its level. Where the features have the network's embedding
of all seconds of an album, the network does not run. Files that nothing has changed for are kept.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.embed import embed_tracks

embed_tracks.embed_films(
    films=embed_tracks.open_albums(
        snakemake.params.films,
        snakemake.params.folders,
        snakemake.params.files,
        snakemake.params.corpus,
        snakemake.params.features,
    ),
    outputs=snakemake.output.sounds,
    table=snakemake.output.tracks,
    settings=embed_tracks.EncodingSettings(
        audio=snakemake.params.audio,
        max_fragments=snakemake.params.fragments_per_track,
        weights=next(iter(snakemake.input.weights), None),
        code=snakemake.params.source,
        threads=snakemake.threads,
    ),
)
