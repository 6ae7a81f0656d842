"""Tables and figures of a run that belong into a paper's supplement, as patterns of their paths.

The report records them, and `workflow/bundle.py` packs what it finds of them.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from scorelens import result_paths
from scorelens.exports.registry import FORMATS
from scorelens.plan import Plan
from scorelens.plan.genres import Run

_EXPORTS = {PurePath(f"film.{form.ending}").suffix for form in FORMATS.values()}
TABLES_AND_FIGURES = {".tsv", ".parquet", ".svg"} | _EXPORTS
ONCE: list[dict[str, str]] = [{}]
# Of these rules nothing is packed: media, indexes, models, embeddings, parts that are joined later,
# libraries, which have a page each, and figures of single films, which may be older than the run.
LEFT_OUT = (
    "apply_tagger",
    "embed_images",
    "embed_library",
    "embed_scenes",
    "embed_texts",
    "embed_tracks",
    "embed_trailers",
    "encode_preview",
    "explain_genres",
    "export_library",
    "extract_new_media",
    "extract_patches",
    "fetch_pretrained",
    "index_fingerprints",
    "index_retrieval",
    "list_corpus",
    "map_trailers",
    "plot_annotations",
    "plot_cues",
    "plot_film_overview",
    "read_subtitles",
    "sample_trailers",
    "sketch_fingerprints",
    "synthesize_library",
    "synthesize_retrieval",
    "synthesize_trailers",
    "train_genres",
    "write_desk",
    "write_film_desk",
    "write_report",
)
# Packed by the pattern that they share: some write it film by film, others many films at once.
FEATURE_RULES = ("embed_features", "extract_features", "unpack_features")
# Of these rules only some outputs are packed.
ONLY = {"train_retrieval": ("curve",)}


def supplement(outputs: Mapping[str, Mapping[str, Sequence[str]]], plan: Plan) -> list[str]:
    """Paths of the tables and figures that a run makes, but for what is joined or derived later.

    Parameters
    ----------
    outputs : mapping of str to mapping of str to sequence of str
        Patterns of the outputs of each rule, by their names.
    plan : Plan
        What the run makes.

    Returns
    -------
    list of str
        Sorted patterns in which the wildcard `film` stays open.
    """
    features = [
        result_paths.FEATURES.format(set=name, film="{film}") for name in plan.features.sets
    ]
    patterns = (
        _filled(pattern, values)
        for rule, wildcards in packed_rules(plan).items()
        for name, paths in outputs.get(rule, {}).items()
        if name in ONLY.get(rule, (name,))
        for pattern in paths
        for values in wildcards
    )
    return sorted(
        {*features, *(path for path in patterns if PurePath(path).suffix in TABLES_AND_FIGURES)}
    )


def packed_rules(plan: Plan) -> dict[str, list[dict[str, str]]]:
    """The rules whose outputs are packed, and the values of their wildcards other than `film`.

    Parameters
    ----------
    plan : Plan
        What the run makes.

    Returns
    -------
    dict of str to list of dict
        One item for each time that the outputs of a rule are made; none if the run does without.
    """
    has_media = not plan.corpus.is_published
    genres, trailers = plan.genres, plan.trailers
    return {
        "make_corpus": ONCE * plan.corpus.is_made,
        "check_corpus": ONCE * has_media,
        "inspect_corpus": ONCE * plan.corpus.is_published,
        "gather_corpus": ONCE,
        "count_corpus": ONCE,
        "group_corpus": ONCE,
        "compare_fingerprints": ONCE * has_media,
        "list_pretrained": ONCE,
        "match_cues": ONCE * has_media,
        "measure_levels": ONCE * has_media,
        "summarize_levels": ONCE * has_media,
        "summarize_cues": ONCE * has_media,
        "plot_cue_summary": ONCE * has_media,
        "plot_film_map": ONCE * has_media,
        "score_cues": ONCE * plan.corpus.is_made,
        "calibrate_cues": ONCE * plan.corpus.is_made,
        "correct_cues": ONCE * bool(plan.cues.corrections),
        "summarize_corrections": ONCE * bool(plan.cues.corrections),
        "score_corrections": ONCE * bool(plan.cues.corrections),
        "find_renditions": ONCE * plan.cues.has_renditions,
        "detect_music": ONCE * bool(plan.music.detector),
        "summarize_music": ONCE * bool(plan.music.detector),
        "read_annotations": ONCE * bool(plan.cues.annotations),
        "evaluate_cues": ONCE * bool(plan.cues.annotations),
        "export_film": ONCE * has_media,
        "export_cue_sheets": ONCE * has_media,
        "measure_visuals": ONCE * has_media,
        "pool_bags": [{"set": name} for name in plan.features.bag_sets],
        "predict_baselines": [{"model": model} for _, model in genres.baseline_runs],
        "gather_genres": _runs(genres.trained_runs, "set"),
        "score_genres": ONCE * bool(genres.runs),
        "compare_genres": ONCE * bool(genres.runs),
        "calibrate_genres": ONCE * bool(genres.runs),
        "compare_published": ONCE * plan.corpus.is_published,
        "plot_genres": ONCE * bool(genres.runs),
        "plot_diagnostics": ONCE * bool(genres.trained_runs),
        "plot_learning_curves": ONCE * bool(genres.network_runs),
        "rank_contradictions": ONCE * bool(genres.shown_run),
        "apply_genres": [{"name": name} for name in genres.media],
        "plot_new_media": [{"name": name} for name in genres.media],
        "rank_importance": ONCE * bool(genres.importance),
        "plot_importance": ONCE * bool(genres.importance),
        "compare_music_to_picture": ONCE * (has_media and bool(genres.compared)),
        "plot_music_to_picture": ONCE * (has_media and bool(genres.compared)),
        "train_tagger": [{"model": model} for model in plan.tagger.models],
        "describe_labels": ONCE * bool(plan.tagger.models),
        "score_tagger": ONCE * bool(plan.tagger.models),
        "compare_tagger": ONCE * bool(plan.tagger.models),
        "calibrate_tagger": ONCE * bool(plan.tagger.models),
        "summarize_losses": ONCE * bool(plan.tagger.with_curves),
        "plot_tagger": ONCE * bool(plan.tagger.models),
        "gather_retrieval": ONCE * bool(plan.retrieval.configurations),
        "train_retrieval": [{"configuration": name} for name in plan.retrieval.trained],
        "score_retrieval": ONCE * bool(plan.retrieval.configurations),
        "plot_retrieval": ONCE * bool(plan.retrieval.configurations),
        "evaluate_scenes": ONCE * plan.retrieval.has_scenes,
        "search_retrieval": ONCE * bool(plan.retrieval.searches),
        "group_trailers": ONCE * bool(trailers.trailers),
        "train_trailers": _runs(trailers.runs, "network"),
        "fuse_trailers": ONCE * trailers.has_fusion,
        "score_trailers": ONCE * bool(trailers.trailers),
        "compare_trailers": ONCE * bool(trailers.trailers),
        "calibrate_trailers": ONCE * bool(trailers.trailers),
        "plot_trailers": ONCE * bool(trailers.trailers),
        "compare_films_to_trailers": ONCE * trailers.compares_films,
        "plot_films_to_trailers": ONCE * trailers.compares_films,
    }


def _runs(runs: Sequence[Run], key: str) -> list[dict[str, str]]:
    return [{key: name, "model": model} for name, model in runs]


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        pattern = pattern.replace(f"{{{name}}}", value)
    return pattern
