"""Make the bags of the genre models: the mean of each cue's frames, or the frames themselves.

Reads the feature tables of all films in use, of one feature set, and writes one row an instance.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens import bags

bags.pool_bags(
    features=list(snakemake.input.features),
    feature_set=snakemake.wildcards.set,
    output=snakemake.output.table,
)
