"""Detect music, speech and singing in one film, second by second.

Decodes the film's sound once, runs a small pretrained detector on it block by block, and writes the
probabilities of each second as Parquet.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.music import detect

detect.detect_film(
    film_id=snakemake.wildcards.film,
    video=snakemake.params.video,
    status=snakemake.input.status,
    table=snakemake.output.table,
    installed=snakemake.params.detector,
    audio=snakemake.params.audio,
)
