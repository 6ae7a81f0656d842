"""Read and check the cues that people marked.

Joins the files of all annotators and films, in any of their formats, to one table, with the ids of
the tracks that they name. Every fault of every file is listed. A second table lists who annotated
which film.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues.annotations import table

table.read_annotations(
    files=snakemake.params.files,
    films=snakemake.input.films,
    tracks=snakemake.input.tracks,
    annotations=snakemake.output.annotations,
    annotators=snakemake.output.annotators,
)
