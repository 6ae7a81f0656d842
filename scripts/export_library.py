"""List a music library with its tags.

Reads the tables of its parts. Writes them as one table each, a JSON file a track, an M3U playlist a
genre, and a page to sort, filter and hear the tracks in, which needs no server. Nothing is written
into the library's own folder.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.tagger import export

export.list_library(
    library=snakemake.wildcards.library,
    folder=snakemake.params.folder,
    parts=export.Parts(
        tracks=snakemake.input.tracks,
        answers=snakemake.input.answers,
        profiles=snakemake.input.profiles,
    ),
    tracks=snakemake.output.tracks,
    answers=snakemake.output.answers,
    profiles=snakemake.output.profiles,
    tags=snakemake.output.tags,
    playlists=snakemake.output.playlists,
    page=snakemake.output.page,
)
