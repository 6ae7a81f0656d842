"""Hear the tracks of one part of a music library.

Takes a few fragments of each track. Writes what a frozen network says of each, or its log-mel, so
that searches may find the track. A file that cannot be read is logged and absent.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.embed import embed_tracks

embed_tracks.hear_part(
    folder=snakemake.params.folder,
    files=snakemake.params.files,
    output=snakemake.output.sounds,
    table=snakemake.output.table,
    hearing=embed_tracks.Hearing(
        audio=snakemake.params.audio,
        most=snakemake.params.fragments_per_track,
        weights=next(iter(snakemake.input.weights), None),
        code=snakemake.params.source,
        threads=snakemake.threads,
    ),
)
