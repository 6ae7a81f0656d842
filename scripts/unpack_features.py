"""Unpack one published feature set: a table of every film, as the other corpora have it.

Reads the dictionary of the set once. Writes one row a cue and frame.
"""

from pathlib import Path

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.features import unpack

unpack.unpack_films(
    feature_set=snakemake.wildcards.set,
    paths=snakemake.params.published,
    outputs={Path(path).stem: path for path in snakemake.output.tables},
)
