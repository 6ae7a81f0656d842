"""Check the media of one film.

Opens the film, adds the problems of its album, and writes a one-row status table (`ok` or `bad`,
with every problem in full) and the table of its tracks. A bad film does not fail this job:
`gather_corpus` decides what becomes of it.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.corpus import check

given = snakemake.input
check.check_film(
    film_id=snakemake.wildcards.film,
    video=snakemake.params.video,
    album=(given.tracks, given.album) if given.tracks else None,
    status=snakemake.output.status,
    track_table=snakemake.output.tracks,
    audio=snakemake.params.audio,
    video_bytes=snakemake.params.video_bytes,
)
