"""The landmarks of the albums."""


rule index_fingerprints:
    """Find the landmarks of every track of one album, whatever films it is the album of."""
    input:
        table=rules.list_corpus.output.tracks,
        corpus=ancient_copy(rules.gather_corpus.output.films),
    output:
        # What is there already is read: tracks that did not change are kept.
        index=update("results/fingerprints/{album}.npz"),
    params:
        method=config["cues"]["method"],
        settings=config["fingerprints"],
    script:
        "../../scripts/index_fingerprints.py"
