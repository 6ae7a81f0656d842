"""Sketch the sound of one film.

Decodes the film's sound once and writes a few hashes of each second, by which
`compare_fingerprints` finds other cuts and copies of the film.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.fingerprints import sketches

sketches.sketch_film(
    video=snakemake.params.video,
    status=snakemake.input.status,
    path=snakemake.output.sketch,
    audio=snakemake.params.audio,
)
