"""Tag the tracks of one part of a music library.

Decodes every file once. Writes what a model of the tagger says of each track, as a whole and second
by second, and the track's tempo, key and loudness. A file that cannot be tagged gets a row that
says why.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.tagger import apply

apply.tag_part(
    library=snakemake.wildcards.library,
    folder=snakemake.params.folder,
    files=snakemake.params.files,
    model=snakemake.input.model,
    weights=next(iter(snakemake.input.weights), None),
    threads=snakemake.threads,
    tracks=snakemake.output.tracks,
    ranking=snakemake.output.ranking,
    profiles=snakemake.output.profiles,
)
