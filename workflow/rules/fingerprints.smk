"""The landmarks of the albums, and which albums and films share sound."""


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


rule sketch_fingerprints:
    """Sketch the sound of one film, to find others that share it."""
    input:
        video=watched_video,
        # It holds the video's hash, and the video itself is watched.
        status=ancient_copy(rules.check_corpus.output.status),
        corpus=ancient_copy(rules.gather_corpus.output.films),
    output:
        sketch="results/fingerprints/films/{film}.npz",
    params:
        video=film_video,
        unwatched=unwatched_video,
        audio=lambda wildcards: PLAN.corpus.films[wildcards.film].audio,
    script:
        "../../scripts/sketch_fingerprints.py"


rule compare_fingerprints:
    """Find the tracks of two albums, and the films, that share sound."""
    input:
        albums=used_albums(rules.index_fingerprints.output.index),
        # Of films that the workflow makes none is a cut of another.
        films=[] if PLAN.corpus.is_made else used_films(rules.sketch_fingerprints.output.sketch),
    output:
        tracks=result_paths.SHARED_TRACKS,
        films=result_paths.SHARED_FILMS,
    params:
        method=config["cues"]["method"],
    script:
        "../../scripts/compare_fingerprints.py"
