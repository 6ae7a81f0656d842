"""Cues that people corrected: all results follow them, the matcher's table stays as it is."""


rule correct_cues:
    """Apply the user's corrections to the cues of one film."""
    input:
        cues=rules.match_cues.output.table,
        tracks=rules.check_corpus.output.tracks,
        # Its length of the film belongs to the video that the cues were matched in.
        status=ancient_copy(rules.check_corpus.output.status),
    output:
        table=result_paths.CORRECTED_CUES,
        text="results/cues/corrected/{film}.tsv",
        decisions="results/cues/decisions/{film}.tsv",
    params:
        # Of the file only the rows of this film, so that those of others do not run it again. A
        # function, for Snakemake would take braces of a note for wildcards.
        corrections=lambda wildcards: [
            list(row) for row in PLAN.cues.corrections.get(wildcards.film, ())
        ],
    script:
        "../../scripts/correct_cues.py"


rule summarize_corrections:
    """List the corrections of all films, and those that could not be applied."""
    input:
        decisions=corrected_films(rules.correct_cues.output.decisions),
    output:
        decisions="results/cues/corrections.tsv",
        counts="results/cues/correction_counts.tsv",
        unmatched="results/cues/unmatched_corrections.tsv",
    params:
        corrections=lambda wildcards: {
            film: [list(row) for row in rows] for film, rows in PLAN.cues.corrections.items()
        },
    script:
        "../../scripts/summarize_corrections.py"


rule score_corrections:
    """Score the matcher's cues of the films that were checked as a whole against the corrections."""
    input:
        cues=corrected_films(rules.match_cues.output.table),
        corrected=corrected_films(rules.correct_cues.output.table),
        decisions=rules.summarize_corrections.output.decisions,
    output:
        films="results/cues/corrections/films.tsv",
        scores="results/cues/corrections/scores.tsv",
        calibration="results/cues/corrections/calibration.tsv",
    params:
        seed=config["seed"],
    script:
        "../../scripts/score_corrections.py"
