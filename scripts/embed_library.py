"""Embed fragments of the tracks of one part of a music library.

Takes a few fragments of each track. Writes the embedding of each by a pretrained network, or its
log-mel, so that searches can find the track. A file that cannot be read is logged and left out.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.embed import embed_tracks

embed_tracks.embed_library_part(
    folder=snakemake.params.folder,
    files=snakemake.params.files,
    output=snakemake.output.sounds,
    table=snakemake.output.table,
    settings=embed_tracks.EncodingSettings(
        audio=snakemake.params.audio,
        max_fragments=snakemake.params.fragments_per_track,
        weights=next(iter(snakemake.input.weights), None),
        code=snakemake.params.source,
        threads=snakemake.threads,
    ),
)
