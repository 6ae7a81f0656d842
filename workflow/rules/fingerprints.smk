"""The landmarks of the albums."""


rule index_fingerprints:
    """Find the landmarks of every track of one film's album."""
    input:
        tracks=album_tracks,
        table="results/corpus/tracks/{film}.tsv",
        corpus=ancient("results/corpus/films.tsv"),
    output:
        # What is there already is read: tracks that did not change are kept.
        index=update("results/fingerprints/{film}.npz"),
    log:
        "logs/index_fingerprints/{film}.log",
    benchmark:
        "results/benchmarks/index_fingerprints/{film}.tsv"
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
