"""Compare every pair of the tagger's models on the same tracks.

Reads the predictions for tracks of held-out films. Writes the differences in coverage error and
label-ranking average precision with bootstrap intervals, and p-values by approximate randomisation,
corrected over all pairs.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.learning.film_groups import read_film_groups
from scorelens.tagger import compare

compare.compare_models(
    tracks=dict(zip(snakemake.params.models, snakemake.input.tracks, strict=True)),
    samples=snakemake.params.samples,
    seed=snakemake.params.seed,
    output=snakemake.output.comparisons,
    groups=read_film_groups(snakemake.input.groups),
)
