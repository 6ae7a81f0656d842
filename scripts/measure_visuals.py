"""Measure picture, cuts and motion of one film, once a second.

Reads the film's picture and writes one row a second: brightness, contrast, saturation and
colourfulness of the frame on screen in the middle of that second, the cuts in it, the length of the
shot and the motion. Black bars are left out. Only mode `exact` measures cuts, shots and motion.
A film without moving pictures gets a table without rows.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.visuals import measure

measure.measure_film(
    film_id=snakemake.wildcards.film,
    video=snakemake.params.video,
    table=snakemake.output.table,
    threads=snakemake.threads,
    video_bytes=snakemake.params.video_bytes,
    **snakemake.params.settings,
)
