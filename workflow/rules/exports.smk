"""The cues for editors, players and research tools."""

from scorelens.exports.registry import FORMATS


rule export_film:
    """Write the cues of one film in the formats of editors, players and research tools."""
    input:
        cues=film_cues,
        levels=rules.measure_levels.output.table,
        tracks=rules.check_corpus.output.tracks,
        status=rules.check_corpus.output.status,
        decisions=lambda wildcards: (
            [rules.correct_cues.output.decisions.format(film=wildcards.film)]
            if wildcards.film in PLAN.cues.corrections
            else []
        ),
        music=[result_paths.MUSIC] if PLAN.music.detector else [],
    output:
        **{
            name: f"results/exports/films/{{film}}.{FORMATS[name].ending}"
            for name in config["exports"]["formats"]
        },
        table="results/exports/films/{film}.tsv",
    params:
        title=lambda wildcards: PLAN.corpus.films[wildcards.film].title,
        video=film_video,
        frame_rate=config["exports"]["frame_rate"],
        singing_threshold=PLAN.music.thresholds["singing"],
    script:
        "../../scripts/export_film.py"


rule export_cue_sheets:
    """Write the cue sheets of all films to a workbook and to CSV files."""
    input:
        tables=used_films(rules.export_film.output.table),
    output:
        workbook="results/exports/cue_sheets.xlsx",
        cues="results/exports/cue_sheets.csv",
        as_used="results/exports/as_used.csv",
    script:
        "../../scripts/export_cue_sheets.py"
