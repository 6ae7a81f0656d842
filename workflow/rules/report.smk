"""The report: one page with the results of all stages."""

from scorelens.plan.supplement import supplement
from scorelens.rule_defaults import output_patterns, rules_by_name


rule write_report:
    """Write the report: one self-contained page."""
    input:
        films=rules.gather_corpus.output.films,
        tracks=rules.gather_corpus.output.tracks,
        status=rules.gather_corpus.output.status,
        groups=rules.group_corpus.output.groups,
        shared=rules.group_corpus.output.shared,
        # A corpus of published features has these files in place of cues and visuals.
        published=watched(PLAN.published_tables),
        cues=media_films(PLAN.cues.table),
        roles=[] if PLAN.corpus.is_published else rules.summarize_levels.output.table,
        renditions=(
            media_films(rules.find_renditions.output.table) if PLAN.cues.has_renditions else []
        ),
        film_map=[] if PLAN.corpus.is_published else rules.plot_film_map.output.figure,
        genre_counts=rules.count_corpus.output.figure,
        cue_summary=(
            []
            if PLAN.corpus.is_published
            else [rules.summarize_cues.output.genres, *rules.plot_cue_summary.output]
        ),
        music=[*rules.summarize_music.output] if PLAN.music.detector else [],
        cue_scores=[rules.score_cues.output.scores] if PLAN.corpus.is_made else [],
        cue_confidence=(
            [rules.calibrate_cues.output.figure, rules.calibrate_cues.output.scores]
            if PLAN.corpus.is_made
            else []
        ),
        annotations=(
            [rules.read_annotations.output.annotators, *rules.evaluate_cues.output]
            if PLAN.cues.annotations
            else []
        ),
        corrections=(
            [*rules.summarize_corrections.output, *rules.score_corrections.output]
            if PLAN.cues.corrections
            else []
        ),
        # The page links to it.
        desk=[] if PLAN.corpus.is_published else rules.write_desk.output.index,
        visuals=media_films(rules.measure_visuals.output.table),
        bags=expand(rules.pool_bags.output.table, set=PLAN.features.sets),
        predictions=rules.score_genres.input.predictions,
        weights=rules.list_pretrained.output.status,
        genre_scores=rules.score_genres.output.scores if PLAN.genres.runs else [],
        comparisons=rules.compare_genres.output.comparisons if PLAN.genres.runs else [],
        genre_calibration=rules.calibrate_genres.output if PLAN.genres.runs else [],
        published_scores=(rules.compare_published.output.table if PLAN.corpus.is_published else []),
        genre_figures=expand("results/genres/{figure}.svg", figure=PLAN.genres.figures),
        contradictions=rules.rank_contradictions.output if PLAN.genres.shown_run else [],
        applied=(
            expand(rules.apply_genres.output.predictions, name=PLAN.genres.media)
            if PLAN.genres.media
            else []
        ),
        applied_figures=(
            expand(rules.plot_new_media.output.figure, name=PLAN.genres.media)
            if PLAN.genres.media
            else []
        ),
        tagger=(
            [
                rules.score_tagger.output.scores,
                rules.score_tagger.output.outcomes,
                rules.score_tagger.output.confusions,
                rules.compare_tagger.output.comparisons,
                *rules.calibrate_tagger.output,
                *rules.describe_labels.output,
                *(rules.summarize_losses.output if PLAN.tagger.with_curves else []),
                *rules.plot_tagger.output,
            ]
            if PLAN.tagger.models
            else []
        ),
        libraries=(
            expand(rules.export_library.output.page, library=PLAN.tagger.libraries)
            if PLAN.tagger.libraries
            else []
        ),
        retrieval=[
            *(
                [
                    rules.gather_retrieval.output.films,
                    rules.score_retrieval.output.scores,
                    rules.score_retrieval.output.comparisons,
                    *rules.plot_retrieval.output,
                ]
                if PLAN.retrieval.configurations
                else []
            ),
            *(rules.evaluate_scenes.output if PLAN.retrieval.has_scenes else []),
            *([rules.search_retrieval.output.page] if PLAN.retrieval.searches else []),
        ],
        trailers=[
            *(
                [
                    *rules.score_trailers.output,
                    *rules.compare_trailers.output,
                    *rules.calibrate_trailers.output,
                    *rules.plot_trailers.output,
                ]
                if PLAN.trailers.trailers
                else []
            ),
            *(
                [
                    rules.compare_films_to_trailers.output.scores,
                    rules.plot_films_to_trailers.output.figure,
                ]
                if PLAN.trailers.compares_films
                else []
            ),
        ],
        trailer_samples=expand(result_paths.TRAILER_SAMPLE_TABLE, batch=PLAN.trailers.batches),
        importance=(
            [rules.rank_importance.output.scores, rules.plot_importance.output.figure]
            if PLAN.genres.importance
            else []
        ),
        audiovisual_comparison=(
            [
                rules.compare_music_to_picture.output.scores,
                rules.plot_music_to_picture.output.figure,
            ]
            if PLAN.genres.compared and not PLAN.corpus.is_published
            else []
        ),
    output:
        page="results/report.html",
        record="results/report.yaml",
    params:
        published=lambda wildcards: PLAN.published_tables,
        unwatched=unwatched(PLAN.published_tables),
        # The whole configuration, unlike other rules: the page shows all of it.
        config=PLAN.config,
        # A function, for the wildcard of the films stays open.
        outputs=lambda wildcards: supplement(output_patterns(rules_by_name(rules)), PLAN),
    script:
        "../../scripts/write_report.py"
