"""Export a tagged music library.

Reads the tables of its parts. Writes one table of each kind, a JSON file for each track, an M3U
playlist for each genre, and a page to sort, filter and play, which needs no server. Nothing is
written into the folder of the library.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.tagger import export

export.export_library(
    library=snakemake.wildcards.library,
    folder=snakemake.params.folder,
    parts=export.Parts(
        tracks=snakemake.input.tracks,
        ranking=snakemake.input.ranking,
        profiles=snakemake.input.profiles,
    ),
    tracks=snakemake.output.tracks,
    ranking=snakemake.output.ranking,
    profiles=snakemake.output.profiles,
    tags=snakemake.output.tags,
    playlists=snakemake.output.playlists,
    page=snakemake.output.page,
)
