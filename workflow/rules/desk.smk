"""The film desk: pages to watch a film with its cues, to check and to correct them."""

from scorelens.desk import assets


rule encode_preview:
    """Make a light copy of one film that every browser plays."""
    input:
        video=watched_video,
        # It holds the video's hash, and the video itself is watched.
        status=ancient_copy(rules.check_corpus.output.status),
        corpus=ancient_copy(rules.gather_corpus.output.films),
    output:
        video=result_paths.PREVIEW,
    params:
        video=film_video,
        unwatched=unwatched_video,
        audio=lambda wildcards: PLAN.corpus.films[wildcards.film].audio,
    script:
        "../../scripts/encode_preview.py"


rule write_film_desk:
    """Write the page of one film: its player, its time line and its cues to check."""
    input:
        status=rules.check_corpus.output.status,
        tracks=rules.check_corpus.output.tracks,
        # Verdicts are about the cues of the matcher.
        machine_cues=rules.match_cues.output.table,
        cues=film_cues,
        levels=rules.measure_levels.output.table,
        visuals=rules.measure_visuals.output.table,
        truth=[rules.make_corpus.output.truth] if PLAN.corpus.is_made else [],
        annotations=[rules.read_annotations.output.annotations] if PLAN.cues.annotations else [],
        music=[result_paths.MUSIC] if PLAN.music.detector else [],
        features=(
            result_paths.FEATURES.format(set="mir", film="{film}")
            if "mir" in PLAN.features.sets
            else []
        ),
        genres=(
            genre_run(rules.gather_genres.output.cues, PLAN.genres.shown_run)
            if PLAN.genres.shown_run
            else []
        ),
        corpus=ancient_copy(rules.gather_corpus.output.films),
        preview=rules.encode_preview.output.video if PLAN.desk.has_previews else [],
    output:
        page="results/desk/films/{film}.html",
    params:
        film=lambda wildcards: PLAN.desk.film_values(wildcards.film),
        given=lambda wildcards: [list(row) for row in PLAN.cues.corrections.get(wildcards.film, ())],
        unknown=PLAN.music.unknown,
    script:
        "../../scripts/write_film_desk.py"


rule write_desk:
    """Write the index of the desk, with the style and the scripts of all its pages."""
    input:
        films=rules.gather_corpus.output.films,
        status=rules.gather_corpus.output.status,
        matched=used_films(rules.match_cues.output.table),
        corrected=corrected_films(rules.correct_cues.output.table),
        unknown=[rules.summarize_music.output.unknown] if PLAN.music.detector else [],
    output:
        index="results/desk/index.html",
        given="results/desk/given.js",
        assets=[f"results/desk/assets/{name}" for name in assets.NAMES],
    params:
        given=lambda wildcards: {
            film: [list(row) for row in rows] for film, rows in PLAN.cues.corrections.items()
        },
    script:
        "../../scripts/write_desk.py"
