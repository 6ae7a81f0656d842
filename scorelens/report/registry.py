"""The sections that the stages make for the report, in order."""

from collections.abc import Callable

from scorelens.audiovisual_comparison.report import audiovisual_comparison_section
from scorelens.corpus.report import corpus_section
from scorelens.cues.report import (
    annotations_section,
    corrections_section,
    film_overview_section,
    music_section,
    renditions_section,
    scores_section,
    timelines_section,
)
from scorelens.features.report import features_section
from scorelens.genres.report import (
    contradictions_section,
    models_section,
    new_media_section,
    predictions_section,
)
from scorelens.importance.report import importance_section
from scorelens.music.report import music_section as detected_music_section
from scorelens.retrieval.report import retrieval_section
from scorelens.sections import Run, Section
from scorelens.tagger.report import tagger_section
from scorelens.trailers.report import trailers_section
from scorelens.visuals.report import visuals_section

# Each takes the run and returns its section, or None if there is nothing to show.
SECTIONS: tuple[Callable[[Run], Section | None], ...] = (
    corpus_section,
    timelines_section,
    corrections_section,
    renditions_section,
    music_section,
    detected_music_section,
    scores_section,
    annotations_section,
    features_section,
    visuals_section,
    film_overview_section,
    models_section,
    predictions_section,
    contradictions_section,
    new_media_section,
    tagger_section,
    retrieval_section,
    importance_section,
    audiovisual_comparison_section,
    trailers_section,
)
