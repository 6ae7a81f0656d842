"""Gather the dataset of retrieval.

Reads the vectors of the films' pictures and texts, the fragments of all tracks, and the groups of
the corpus. Writes the films with their part of the split and why some are left out, the tracks, and
all fragments in one array.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.retrieval.data import gather

gather.gather_retrieval(
    described=snakemake.params.films,
    sounds=snakemake.input.sounds,
    images=snakemake.input.images or None,
    texts=snakemake.input.texts or None,
    configurations=snakemake.params.configurations,
    split=snakemake.params.split,
    films=snakemake.output.films,
    tracks=snakemake.output.tracks,
    fragments=snakemake.output.fragments,
    groups=snakemake.input.groups or None,
)
