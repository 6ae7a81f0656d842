"""Bags of instances: one row a cue, all films in one table."""


rule pool_bags:
    """Take the mean of each cue's frames, for all films."""
    input:
        features=used_films("results/features/{set}/{film}.parquet"),
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
        mem_mb=1000,
        runtime=10,
    params:
        source=source_hash("pool_bags"),
    script:
        "../../scripts/pool_bags.py"
