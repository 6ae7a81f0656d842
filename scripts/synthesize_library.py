"""Synthesize the library of the demo, which the tagger tags.

Writes tracks of known genres, two a genre, that belong to no film of the corpus; their names say
the genre.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.tagger import demo

demo.synthesize_library(
    dict(zip(snakemake.output.pieces, snakemake.params.genres, strict=True)),
    snakemake.params.seed,
)
