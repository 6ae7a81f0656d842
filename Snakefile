"""scorelens: from films and soundtrack albums to cues, features, genre models and a report."""

from snakemake.utils import min_version

min_version("9.20")


configfile: workflow.current_basedir.join("config/config.yaml").get_path_or_uri(secret_free=True)


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/corpus.smk"
include: "workflow/rules/pretrained.smk"
include: "workflow/rules/fingerprints.smk"
include: "workflow/rules/cues.smk"
include: "workflow/rules/cues_corrections.smk"
include: "workflow/rules/music.smk"
include: "workflow/rules/exports.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/visuals.smk"
include: "workflow/rules/scenes.smk"
include: "workflow/rules/bags.smk"
include: "workflow/rules/genres.smk"
include: "workflow/rules/genres_apply.smk"
include: "workflow/rules/importance.smk"
include: "workflow/rules/audiovisual_comparison.smk"
include: "workflow/rules/tagger.smk"
include: "workflow/rules/tagger_apply.smk"
include: "workflow/rules/retrieval.smk"
include: "workflow/rules/retrieval_search.smk"
include: "workflow/rules/trailers.smk"
include: "workflow/rules/trailers_scenes.smk"
include: "workflow/rules/desk.smk"
include: "workflow/rules/report.smk"


rule all:
    """The report, the film desk and the exported cues, and with them everything."""
    default_target: True
    input:
        rules.write_report.output,
        [] if PLAN.corpus.is_published else rules.write_desk.output,
        media_films(rules.write_film_desk.output.page),
        media_films(rules.export_film.output),
        [] if PLAN.corpus.is_published else rules.export_cue_sheets.output,


# Every stage is a target by its noun: `snakemake --cores 2 cues`.


rule corpus:
    """The films and albums, made if need be, and checked."""
    input:
        rules.gather_corpus.output,
        rules.count_corpus.output,


rule pretrained:
    """The pretrained networks of the run, and a list of all."""
    input:
        expand(rules.fetch_pretrained.output.variables, network=PLAN.networks),
        rules.list_pretrained.output.status,


rule fingerprints:
    """The landmarks of every album, and which albums and films share sound."""
    input:
        [] if PLAN.corpus.is_published else rules.compare_fingerprints.output,


rule cues:
    """Which album track plays when in every film, with summaries and, if known, scores."""
    input:
        media_films(rules.match_cues.output.table),
        rules.write_report.input.corrections,
        media_films(rules.find_renditions.output.table) if PLAN.cues.has_renditions else [],
        (
            []
            if PLAN.corpus.is_published
            else [
                rules.summarize_cues.output,
                rules.plot_cue_summary.output,
                rules.plot_film_map.output,
                rules.summarize_levels.output,
            ]
        ),
        [rules.score_cues.output, rules.calibrate_cues.output] if PLAN.corpus.is_made else [],
        rules.write_report.input.annotations,


rule music:
    """Music, speech and singing in the sound of every film, and the music that no cue covers."""
    input:
        ([*rules.summarize_music.output] if PLAN.music.detector else []),


rule exports:
    """The cues of every film for editors, players and research tools, and their cue sheets."""
    input:
        media_films(rules.export_film.output),
        [] if PLAN.corpus.is_published else rules.export_cue_sheets.output,


rule features:
    """The frame features of every cue."""
    input:
        used_films(expand(result_paths.FEATURES, set=PLAN.features.sets, allow_missing=True)),


rule visuals:
    """The statistics of every film's picture."""
    input:
        media_films(rules.measure_visuals.output.table),


rule scenes:
    """The scenes of the films, embedded."""
    input:
        (scene_films(scenes_by(config["retrieval"]["image"])) if PLAN.retrieval.has_scenes else []),
        (used_films(scenes_by(PLAN.trailers.scene_network)) if PLAN.trailers.compares_films else []),


rule bags:
    """The cues of every film as instances."""
    input:
        expand(rules.pool_bags.output.table, set=PLAN.features.bag_sets),


rule genres:
    """The genre models with their predictions, scores and figures, and the genres of new media."""
    input:
        rules.write_report.input.genre_scores,
        rules.write_report.input.comparisons,
        rules.write_report.input.genre_calibration,
        rules.write_report.input.published_scores,
        rules.write_report.input.genre_figures,
        rules.write_report.input.contradictions,
        rules.write_report.input.applied_figures,


rule importance:
    """How much each group of features matters to a genre model, with its figure."""
    input:
        (
            [rules.rank_importance.output, rules.plot_importance.output]
            if PLAN.genres.importance
            else []
        ),


rule audiovisual_comparison:
    """Music against picture: the differences of the genres and their figure."""
    input:
        rules.write_report.input.audiovisual_comparison,


rule tagger:
    """The tags of the tracks, how good they are, and the tags of the libraries."""
    input:
        rules.write_report.input.tagger,
        rules.write_report.input.libraries,


rule retrieval:
    """How well films and scenes find their music, and the results of the searches."""
    input:
        rules.write_report.input.retrieval,


rule trailers:
    """How well genres are predicted from the picture and the sound of trailers."""
    input:
        rules.write_report.input.trailers,


rule desk:
    """The pages to watch, check and correct the cues of every film."""
    input:
        [] if PLAN.corpus.is_published else rules.write_desk.output,
        media_films(rules.write_film_desk.output.page),


rule timelines:
    """The figures of single films, which no other target draws: cues, overview, annotations, genres."""
    input:
        media_films(rules.plot_cues.output.timeline),
        media_films(rules.plot_film_overview.output.figure),
        annotated_films(rules.plot_annotations.output.timeline),
        used_films(rules.explain_genres.output.figure) if PLAN.genres.network_runs else [],


rule report:
    """The report page."""
    input:
        rules.write_report.output,


# Log, benchmark, environment, resources and code hash of every rule above, from its name.
complete_rules(
    rules_by_name(rules, workflow.rules), PLAN, HOME, workflow.resource_settings.overwrite_resources
)
