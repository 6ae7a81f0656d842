"""The corpus: check films and albums, read published features, or synthesize films with known cues.

`synthesis` composes albums and assembles films; `published` reads the feature files of the study.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "published.inspection": ["VGGISH_COLUMNS", "cue_ids", "film_problems", "open_file"],
        "published.mir_names": ["read_columns"],
        "synthesis.composer": ["Score", "Theme", "compose", "draw_theme"],
        "synthesis.demo": ["write_album"],
        "synthesis.demo_plan": ["GENRES"],
        "synthesis.demo_titles": ["PLACES", "demo_titles"],
        "synthesis.exaggeration": ["exaggerated_look"],
        "synthesis.instruments": ["MUSIC_RATE_HZ", "render"],
        "synthesis.pictures": ["FrameFormat", "paint_still"],
        "synthesis.recipes": ["draw_music"],
        "synthesis.video_writer": ["write_film"],
    },
)
