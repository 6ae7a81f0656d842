"""Music, speech and singing in the sound of a film, also music that is on no album."""


rule detect_music:
    """Detect music, speech and singing in one film, second by second."""
    input:
        video=watched_video,
        # It holds the video's hash, and the video itself is watched.
        status=ancient_copy(rules.check_corpus.output.status),
        corpus=ancient_copy(rules.gather_corpus.output.films),
    output:
        table=result_paths.MUSIC,
    params:
        video=film_video,
        unwatched=unwatched_video,
        detector=PLAN.music.detector,
        audio=lambda wildcards: PLAN.corpus.films[wildcards.film].audio,
    script:
        "../../scripts/detect_music.py"


rule summarize_music:
    """Sum up how much of every film is music, and list the music that no cue covers."""
    input:
        music=used_films(rules.detect_music.output.table),
        cues=used_films(PLAN.cues.table),
    output:
        films="results/music/films.tsv",
        unknown="results/music/unknown.tsv",
    params:
        unknown=PLAN.music.unknown,
        thresholds=PLAN.music.thresholds,
    script:
        "../../scripts/summarize_music.py"
