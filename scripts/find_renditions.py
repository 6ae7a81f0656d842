"""Find other renditions of the tracks of its album in one film.

Decodes the film's sound and the album once, aligns their chroma where the film has no cue, and
writes the renditions as Parquet. A film without any gets an empty table.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.cues.renditions import find

find.find_film(
    film_id=snakemake.wildcards.film,
    video=snakemake.params.video,
    status=snakemake.input.status,
    album=snakemake.input.album,
    cues=snakemake.input.cues,
    table=snakemake.output.table,
    min_confidence=snakemake.params.min_confidence,
    audio=snakemake.params.audio,
)
