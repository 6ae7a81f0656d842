"""Score the search for other renditions of an album's tracks, on films with known ones.

    python benchmarks/cues_renditions.py [--albums FOLDER --speech FOLDER --effects FOLDER]

`other_rendition`: films of composed albums (`cue_films/renditions.py`) whose cues play the notes of
a track in another key (any), tempo (0.85 to 1.18), instrumentation and mix, with or without drums,
under speech and effects at +10 to -10 dB, with a decoy from another album. Three treatments in
which nothing is right, of `--minutes` each: `held_out` (tracks taken out of their album), `foreign`
(those of other albums) and `speech`; on real albums with `--albums`, else on the composed ones.
Albums that hold several versions of a piece make true renditions count as false there, so that
every false one is printed.

The films are encoded files. No cues are given, so that all of a film is searched. `tempo_error` is
relative. `match_s_per_h` are CPU seconds to decode film and album and to search, for an hour.
"""

import argparse
import copy
import tempfile
from pathlib import Path

import pandas as pd
from cue_films import renditions, scores
from cue_films.mixing import MadeFilm, Stage, make_films
from cue_films.treatments import TREATMENTS, Treatment
from cues_treatments import COMPOSED, cpu_s, format_row, make_stage

from scorelens import media, tables
from scorelens.albums.tracks import track_sounds
from scorelens.cues.renditions.find import find_renditions, read_chroma

FALSE = ("held_out", "foreign", "speech")
NO_CUES = pd.DataFrame(columns=["film_start_s", "film_end_s"], dtype=float)


def main() -> None:
    chosen = parse()
    with tempfile.TemporaryDirectory() as temporary:
        cache = chosen.cache or Path(temporary)
        cache.mkdir(parents=True, exist_ok=True)
        composed = copy.copy(chosen)
        composed.albums, composed.set = None, "all"
        stage = make_stage(composed, cache)
        played = renditions.compose_renditions(
            cache / f"renditions_{chosen.seed}", seed=chosen.seed, **COMPOSED
        )
        treatment = Treatment(renditions.other_rendition(played))
        run("other_rendition", treatment, stage, chosen.min_confidence)
        if chosen.albums:
            chosen.films, chosen.cues = chosen.real_films, 4
            stage = make_stage(chosen, cache)
        for name in FALSE:
            run(name, TREATMENTS[name], stage, chosen.min_confidence)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("albums", "speech", "effects"):
        parser.add_argument(f"--{name}", type=Path, help=f"folder of real {name}")
    parser.add_argument("--set", choices=("all", "tuning", "held-out"), default="all")
    parser.add_argument("--films", type=int, default=6, help="of composed albums")
    parser.add_argument("--cues", type=int, default=7, help="cues of a film of those")
    parser.add_argument("--real-films", type=int, default=4, help="real albums")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--min-confidence", type=float, default=0.9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path)
    return parser.parse_args()


def run(name: str, treatment: Treatment, stage: Stage, min_confidence: float) -> None:
    """Make, search and score the films of a treatment; print its row and what is wrong."""
    films = make_films(name, stage, treatment)
    found = [measure(film, stage, min_confidence) for film in films]
    print(format_row(name, scores.score_treatment(found, 0.0)), flush=True)
    for one in found:
        wrong = scores.label(one).query("not right")
        for row in wrong.itertuples():
            plays = playing(one.truth, row.film_start_s, row.film_end_s)
            print(f"  {one.film_id}: {plays} as {row.track_id}, confidence {row.confidence:.3f}")


def playing(truth: pd.DataFrame, start_s: float, end_s: float) -> str:
    """The music that plays in a span of a film."""
    rows = truth[(truth.film_start_s < end_s) & (truth.film_end_s > start_s)]
    return ", ".join(dict.fromkeys(rows.track_id)) or "no music"


def measure(film: MadeFilm, stage: Stage, min_confidence: float) -> scores.Found:
    """Search one film, and measure the cost."""
    start_s = cpu_s()
    tracks = stage.plan.tracks.set_index("track_id", drop=False).loc[list(film.film.indexed)]
    chroma = {name: read_chroma(sound) for name, sound in track_sounds(tracks).items()}
    rows = find_renditions(read_chroma(film.sound), chroma, NO_CUES, min_confidence)
    match_s = cpu_s() - start_s
    cues = rows.rename(columns={"transposition_semitones": "pitch_semitones"}).assign(
        cue_id=rows.rendition_id, speed=rows.tempo
    )
    cues["equal_starts_s"] = cues["shared_tracks"] = [()] * len(cues)
    length_s = media.probe(film.sound).duration_s
    cues = tables.as_typed(cues.assign(film_id=film.film.film_id)[tables.CUES.names], tables.CUES)
    return scores.Found(film.film.film_id, cues, film.truth, length_s, match_s, 0.0)


if __name__ == "__main__":
    main()
