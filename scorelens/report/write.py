"""Join the tables and figures of a run into one page that needs no other file and no network."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import pandas as pd
from tqdm import tqdm

from scorelens import tables
from scorelens.albums.names import track_titles
from scorelens.genres import title
from scorelens.genres.evaluate.score import best_models
from scorelens.report import applied as new_media
from scorelens.report import distributions, film_overview, genres, music, provenance, svg
from scorelens.report import retrieval as soundtracks
from scorelens.report import tagger as tags
from scorelens.report import trailers as picture_and_sound

DASH = "\N{EN DASH}"

log = logging.getLogger(__name__)
Paths = Sequence[str | os.PathLike]


def write_report(
    page: str | os.PathLike,
    record: str | os.PathLike,
    *,
    films: str | os.PathLike,
    tracks: str | os.PathLike,
    status: str | os.PathLike,
    cues: Paths,
    timelines: Paths,
    visuals: Paths,
    bags: Mapping[str, str | os.PathLike],
    predictions: Mapping[tuple[str, str], str | os.PathLike],
    genre_scores: str | os.PathLike,
    comparisons: str | os.PathLike,
    importance: str | os.PathLike | None,
    audiovisual_comparison: str | os.PathLike | None,
    genre_figures: Paths,
    explanations: Paths,
    applied: Paths,
    applied_figures: Paths,
    cue_scores: str | os.PathLike | None,
    cue_confidence: str | os.PathLike | None,
    features: Paths,
    weights: str | os.PathLike,
    config: Mapping,
    tagger: Mapping[str, str | os.PathLike] = {},
    libraries: Mapping[str, str | os.PathLike] = {},
    retrieval: Mapping[str, str | os.PathLike] = {},
    trailers: Mapping[str, str | os.PathLike] = {},
    trailer_samples: Paths = (),
    published: Paths = (),
) -> None:
    """Write the report of one run as a single HTML file.

    record: where the provenance goes as well, as YAML. films, tracks, status, cues, visuals,
    predictions, genre_scores, comparisons, cue_scores, weights: tables of the contracts in
    `scorelens.tables`. cue_confidence: an SVG; it and cue_scores are None if the true cues are not
    known. timelines: one SVG a film, named by it. bags: by feature set. features: the tables of the
    set `mir`, one a film, named by it; none if the run lacks that set. predictions: by (feature
    set, model). genre_figures: the SVGs scores and genres, if a model was trained precision_recall,
    films and label_sets, if a network was, losses, by these names. explanations: one SVG a film,
    named by it; none without a network. importance, audiovisual_comparison: SVGs; the first is None
    if no model of the run has groups of features to shuffle. config: the whole configuration, to be
    shown. tagger, libraries, retrieval, trailers and trailer_samples: as `tagger.tagger_block`,
    `retrieval.retrieval_block` and `trailers.trailers_block` take them. published: the files of a
    corpus of published features; then there are no cues, timelines, visuals, features and
    audiovisual_comparison, and the page does without what is made of them. The page is dated by its
    newest input, so that the same inputs give the same bytes.
    """
    film_table = tables.read_table(films, tables.FILMS)
    track_table = tables.read_table(tracks, tables.TRACKS)
    titles = {film: track_titles(own) for film, own in track_table.groupby("film_id")}
    status_table = tables.read_table(status, tables.STATUS)
    cue_table = _joined(cues, tables.CUES)
    visual_table = _joined(visuals, tables.VISUALS)
    bag_tables = {name: tables.read_table(path, tables.BAGS) for name, path in bags.items()}
    score_table = tables.read_table(genre_scores, tables.GENRE_SCORES)
    compared = tables.read_table(comparisons, tables.GENRE_COMPARISONS)
    film_rows = (
        music.published_rows(film_table, bag_tables, status_table)
        if published
        else music.film_rows(film_table, cue_table, status_table)
    )
    networks = provenance.networks(weights)
    best = genres.headline(score_table)
    against_best = genres.against_best(compared, best)
    facts = {
        "summary": music.published_summary(film_rows)
        if published
        else music.summary(film_rows, track_table),
        "best": best,
        "importance": importance and svg.address(importance),
        "audiovisual_comparison": audiovisual_comparison and svg.address(audiovisual_comparison),
        "published": provenance.hashes(published),
        "against_best": against_best,
        "rivals": genres.rivals(against_best),
        "several_runs": bool(score_table.f1_spread.notna().any()),
        "films": film_rows,
        "has_notes": any(row["notes"] for row in film_rows),
        "skipped": music.skipped_films(status_table),
        "timelines": {Path(path).stem: svg.address(path) for path in timelines},
        "fold_timelines": len(film_rows) > config["report"]["open_timelines"],
        "cue_scores": music.score_rows(cue_scores),
        "cue_confidence": cue_confidence and svg.address(cue_confidence),
        "feature_sets": _feature_sets(bag_tables, film_table),
        "strips": {}
        if published
        else _strips(film_table, cue_table, features, visual_table, titles),
        "has_sound": bool(features),
        "has_pulse": bool(visual_table.cuts.notna().any()),
        "visuals": distributions.visuals_figure(visual_table, film_table),
        "genre_names": genres.names(score_table),
        "genre_rows": genres.score_rows(score_table),
        "genre_figures": {Path(path).stem: svg.address(path) for path in genre_figures},
        "applied": new_media.applied_blocks(applied, applied_figures),
        "explanations": {Path(path).stem: svg.address(path) for path in explanations},
        "predictions": [
            genres.prediction_block(run, tables.read_table(predictions[run], tables.PREDICTIONS))
            for run in best_models(score_table)
        ],
        "tagger": tags.tagger_block(
            tagger,
            titles,
            libraries,
            config.get("tagger", {}).get("split"),
            page,
        ),
        "retrieval": soundtracks.retrieval_block(
            retrieval,
            page,
            config.get("retrieval", {}).get("search", {}).get("configuration", ""),
        ),
        "trailers": picture_and_sound.trailers_block(
            trailers,
            trailer_samples,
            networks["left out"],
            config.get("trailers", {}).get("genres", []),
        ),
        "networks": networks,
        "versions": provenance.versions(),
        "commit": provenance.commit(),
        "config": provenance.as_yaml(config),
        "config_hash": tables.digest(config),
        "seed": config["seed"],
        "hashes": status_table[["film_id", "video_sha256"]].to_dict("records"),
        "date": provenance.newest(
            [films, tracks, status, weights, *cues, *timelines, *features, *visuals, *bags.values()]
            + [*predictions.values(), genre_scores, comparisons, *genre_figures]
            + [*explanations, *applied, *applied_figures, *libraries.values()]
            + [path for path in [cue_scores, cue_confidence, audiovisual_comparison] if path]
            + [*tagger.values(), *retrieval.values(), *trailers.values(), *trailer_samples]
        ),
    }
    names = ("date", "versions", "commit", "config_hash", "networks", "hashes", "published")
    provenance.write_record({name: facts[name] for name in names} | {"config": config}, record)
    text = _template().render(facts)
    with tables.atomic(page) as temporary:
        temporary.write_text(text, encoding="utf-8")
    log.info("%s: %d films, %.1f MB", page, len(film_rows), len(text) / 1e6)


def _joined(paths: Paths, table: tables.Table) -> pd.DataFrame:
    """The tables one below the other; a table without rows if there are none."""
    parts = [tables.read_table(path, table) for path in paths]
    return pd.concat(parts or [pd.DataFrame(columns=table.names)], ignore_index=True)


def _feature_sets(bags: Mapping[str, pd.DataFrame], films: pd.DataFrame) -> list[dict]:
    return [
        {
            "name": name,
            "cues": len(bag),
            "groups": music.feature_groups(bag),
            "figure": distributions.features_figure(bag, films),
        }
        for name, bag in bags.items()
    ]


def _strips(
    films: pd.DataFrame,
    cues: pd.DataFrame,
    features: Paths,
    visuals: pd.DataFrame,
    titles: Mapping[str, Mapping[str, str]],
) -> dict[str, str]:
    """The strip of every film, as an address.

    features: as write_report takes them. titles: of the tracks of each film, by track_id.
    """
    paths = {Path(path).stem: path for path in features}
    columns = [*tables.FEATURES.names, *film_overview.COLUMNS]
    found = {}
    for film in tqdm(films.itertuples(), total=len(films), disable=None):
        name = film.film_id
        own = tables.read_table(paths[name], tables.FEATURES, columns) if features else None
        film_cues, seen = cues[cues.film_id == name], visuals[visuals.film_id == name]
        strip = film_overview.draw_strip(
            film_cues, own, seen, film.duration_s, titles.get(name, {})
        )
        found[name] = svg.address(strip)
    return found


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "clock": clock, "figure": figure}
    environment.filters |= {"p_value": p_value, "title_of_model": title}
    return environment.get_template("page.html")


def percent(share: float) -> str:
    """A share of 0..1 as `43%`; with one decimal below 1%, so that little does not read as none."""
    return f"{share:.1%}" if 0 < share < 0.01 else f"{share:.0%}"


def clock(seconds: float) -> str:
    """Seconds as `1:02:03` or `2:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def p_value(p: float) -> str:
    """A p-value with three decimals, or `< 0.001`."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def figure(value: float | None, digits: int = 2) -> str:
    """A number with a fixed number of decimals; a dash if it is missing."""
    return DASH if value is None or pd.isna(value) else f"{value:.{digits}f}"
