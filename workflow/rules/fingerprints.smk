"""The landmarks of the albums."""


rule index_fingerprints:
    """Find the landmarks of every track of one album, whatever films it is the album of."""
    input:
        table="results/corpus/albums/{album}.tsv",
        corpus=ancient("results/corpus/films.tsv"),
    output:
        # What is there already is read: tracks that did not change are kept.
        index=update("results/fingerprints/{album}.npz"),
    log:
        "logs/index_fingerprints/{album}.log",
    benchmark:
        "results/benchmarks/index_fingerprints/{album}.tsv"
    conda:
        "../../envs/scorelens.yaml"
    threads: 1
    resources:
        mem_mb=memory("index_fingerprints"),
        runtime=duration("index_fingerprints"),
    params:
        source=source_hash("index_fingerprints"),
        method=config["cues"]["method"],
        settings=config["fingerprints"],
    script:
        "../../scripts/index_fingerprints.py"
