"""Bags of instances: the cues of every film, or their frames, all films in one table."""

FRAMES = "_frames"  # ends the name of a set whose instances are single frames


def bag_sets():
    """The sets of instances of the run: the feature sets by cues, by frames, or both."""
    endings = {"cues": "", "frames": FRAMES}
    return [
        name + endings[instances]
        for instances in config["bags"]["instances"]
        for name in config["features"]["sets"]
    ]


rule pool_bags:
    """Take the mean of each cue's frames, or the frames themselves, for all films."""
    input:
        features=lambda wildcards: used_films(
            f"results/features/{wildcards.set.removesuffix(FRAMES)}/{{film}}.parquet"
        )(wildcards),
    output:
        table="results/bags/{set}.parquet",
    log:
        "logs/pool_bags/{set}.log",
    benchmark:
        "results/benchmarks/pool_bags/{set}.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("pool_bags"),
        runtime=duration("pool_bags"),
    params:
        source=source_hash("pool_bags"),
    script:
        "../../scripts/pool_bags.py"
