"""Compare all albums, and all films, with each other.

Reads the landmarks of every album and the sketch of every film. Writes which tracks of two albums,
and which films, share sound. Nothing is decoded.
"""

from pathlib import Path

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.fingerprints import compare

compare.compare_fingerprints(
    method=snakemake.params.method,
    albums={Path(path).stem: path for path in sorted(snakemake.input.albums)},
    films={Path(path).stem: path for path in sorted(snakemake.input.films)},
    outputs=dict(snakemake.output.items()),
)
