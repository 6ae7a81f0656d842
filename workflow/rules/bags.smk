"""Bags of instances: the cues of every film, or their frames, all films in one table."""

from scorelens.plan.features import FRAMES


rule pool_bags:
    """Take the mean of each cue's frames, or the frames themselves, for all films."""
    input:
        features=lambda wildcards: used_films(
            result_paths.FEATURES.format(set=wildcards.set.removesuffix(FRAMES), film="{film}")
        )(wildcards),
    output:
        table="results/bags/{set}.parquet",
    script:
        "../../scripts/pool_bags.py"
