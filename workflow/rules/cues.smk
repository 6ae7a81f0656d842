"""Score Stamper: which album track plays when."""

from scorelens.cues.formats import FORMATS


rule match_cues:
    """Find which album track plays when in one film."""
    input:
        video=watched_video,
        index=of_album(rules.index_fingerprints.output.index),
        # It holds the video's hash, and the video itself is watched.
        status=ancient_copy(rules.check_corpus.output.status),
        corpus=ancient_copy(rules.gather_corpus.output.films),
    output:
        table=result_paths.MATCHED_CUES,
        text="results/cues/films/{film}.tsv",
    params:
        video=film_video,
        unwatched=unwatched_video,
        method=config["cues"]["method"],
        settings=config["cues"][config["cues"]["method"]],
        audio=lambda wildcards: PLAN.corpus.films[wildcards.film].audio,
    script:
        "../../scripts/match_cues.py"


rule measure_levels:
    """Measure how loud the music of every cue of one film is against everything else."""
    input:
        video=watched_video,
        cues=film_cues,
        tracks=rules.check_corpus.output.tracks,
        # It holds the video's hash, and the video itself is watched.
        status=ancient_copy(rules.check_corpus.output.status),
        corpus=ancient_copy(rules.gather_corpus.output.films),
    output:
        table="results/cues/levels/{film}.parquet",
    params:
        video=film_video,
        unwatched=unwatched_video,
        audio=lambda wildcards: PLAN.corpus.films[wildcards.film].audio,
    script:
        "../../scripts/measure_levels.py"


rule summarize_levels:
    """Sum up how loud the music of every cue is, and whether somebody speaks over it."""
    input:
        cues=used_films(PLAN.cues.table),
        levels=used_films(rules.measure_levels.output.table),
        music=used_films(result_paths.MUSIC) if PLAN.music.detector else [],
    output:
        table="results/cues/levels.tsv",
    params:
        speech_threshold=PLAN.music.thresholds["speech"],
    script:
        "../../scripts/summarize_levels.py"


rule find_renditions:
    """Find other renditions of the album's tracks in one film, where it has no cue."""
    input:
        video=watched_video,
        album=of_album(rules.list_corpus.output.tracks),
        cues=film_cues,
        # It holds the video's hash, and the video itself is watched.
        status=ancient_copy(rules.check_corpus.output.status),
        corpus=ancient_copy(rules.gather_corpus.output.films),
    output:
        table="results/cues/renditions/{film}.parquet",
    params:
        video=film_video,
        unwatched=unwatched_video,
        min_confidence=config["cues"]["renditions"]["min_confidence"],
        audio=lambda wildcards: PLAN.corpus.films[wildcards.film].audio,
    script:
        "../../scripts/find_renditions.py"


rule summarize_cues:
    """Sum up how every film, and the films of each genre, use their albums."""
    input:
        films=rules.gather_corpus.output.films,
        tracks=rules.gather_corpus.output.tracks,
        cues=used_films(PLAN.cues.table),
        groups=rules.group_corpus.output.groups,
    output:
        films="results/cues/film_music.tsv",
        spotting="results/cues/spotting.tsv",
        genres="results/cues/genre_music.tsv",
    params:
        repeats=config["cues"]["bootstrap_repeats"],
        seed=config["seed"],
    script:
        "../../scripts/summarize_cues.py"


rule plot_cue_summary:
    """Draw how the films of each genre use their albums."""
    input:
        genres=rules.summarize_cues.output.genres,
    output:
        spotting=report(
            "results/cues/spotting.svg",
            caption="../report/cues_spotting.rst",
            category="Cues",
        ),
        music=report(
            "results/cues/genre_music.svg",
            caption="../report/cues_music.rst",
            category="Cues",
        ),
    script:
        "../../scripts/plot_cue_summary.py"


# These two need the true cues: films that the workflow makes come with them. What they call cues are
# those of the matcher, whatever is corrected.


rule score_cues:
    """Score the cues of all films against the true ones, and what the corrections change."""
    input:
        cues=used_films(rules.match_cues.output.table),
        truths=used_films(rules.make_corpus.output.truth),
        corrected=corrected_films(result_paths.CORRECTED_CUES),
    output:
        scores="results/cues/scores.tsv",
    script:
        "../../scripts/score_cues.py"


rule calibrate_cues:
    """Compare the confidence of all cues with how often they are right."""
    input:
        cues=used_films(rules.match_cues.output.table),
        truths=used_films(rules.make_corpus.output.truth),
    output:
        table="results/cues/confidence.tsv",
        scores="results/cues/calibration.tsv",
        figure=report(
            "results/cues/confidence.svg",
            caption="../report/confidence.rst",
            category="Cues",
        ),
    params:
        seed=config["seed"],
    script:
        "../../scripts/calibrate_cues.py"


# These need annotations of the user's.


rule read_annotations:
    """Read and check the cues that people marked."""
    input:
        annotations=watched(PLAN.cues.annotation_paths),
        films=rules.gather_corpus.output.films,
        tracks=rules.gather_corpus.output.tracks,
    output:
        annotations="results/cues/annotations.tsv",
        annotators="results/cues/annotators.tsv",
    # Faults of the files are shown before long work begins.
    priority: 1
    params:
        files=[list(file) for file in PLAN.cues.annotations],
        unwatched=unwatched(PLAN.cues.annotation_paths),
    script:
        "../../scripts/read_annotations.py"


rule evaluate_cues:
    """Evaluate the cues of the annotated films, and compare the annotators."""
    input:
        cues=annotated_films(rules.match_cues.output.table),
        corrected=over_films(
            result_paths.CORRECTED_CUES,
            lambda used: [
                film
                for film in used
                if film in PLAN.cues.annotated_films and film in PLAN.cues.corrections
            ],
        ),
        annotations=rules.read_annotations.output.annotations,
        annotators=rules.read_annotations.output.annotators,
    output:
        scores="results/cues/evaluation/scores.tsv",
        films="results/cues/evaluation/films.tsv",
        agreement="results/cues/evaluation/agreement.tsv",
        film_agreement="results/cues/evaluation/film_agreement.tsv",
        confidence="results/cues/evaluation/confidence.tsv",
        calibration="results/cues/evaluation/calibration.tsv",
        figure=report(
            "results/cues/evaluation/confidence.svg",
            caption="../report/confidence.rst",
            category="Cues",
        ),
    params:
        seed=config["seed"],
    script:
        "../../scripts/evaluate_cues.py"


rule plot_annotations:
    """Draw the cues of one film below the annotations of people."""
    input:
        cues=film_cues,
        annotations=rules.read_annotations.output.annotations,
        annotators=rules.read_annotations.output.annotators,
        tracks=rules.check_corpus.output.tracks,
    output:
        timeline=report(
            "results/cues/evaluation/timelines/{film}.svg",
            caption="../report/annotations.rst",
            category="Cues",
            labels={"film": "{film}"},
        ),
    params:
        title=lambda wildcards: PLAN.corpus.films[wildcards.film].title,
    script:
        "../../scripts/plot_annotations.py"


rule plot_cues:
    """Draw the cues of one film on its time line."""
    input:
        cues=film_cues,
        status=rules.check_corpus.output.status,
        tracks=rules.check_corpus.output.tracks,
        truth=[rules.make_corpus.output.truth] if PLAN.corpus.is_made else [],
        music=[result_paths.MUSIC] if PLAN.music.detector else [],
        corpus=ancient_copy(rules.gather_corpus.output.films),
    output:
        timeline=report(
            "results/cues/timelines/{film}.svg",
            caption="../report/timelines.rst",
            category="Cues",
            labels={"film": "{film}"},
        ),
    params:
        title=lambda wildcards: PLAN.corpus.films[wildcards.film].title,
        unknown=PLAN.music.unknown,
    script:
        "../../scripts/plot_cues.py"


rule export_cues:
    """Write the cues of one film in the formats of players and editors."""
    input:
        cues=film_cues,
        levels=rules.measure_levels.output.table,
        tracks=rules.check_corpus.output.tracks,
    output:
        **{
            name: f"results/cues/labels/{{film}}.{cue_format.ENDING}"
            for name, cue_format in FORMATS.items()
        },
    script:
        "../../scripts/export_cues.py"
