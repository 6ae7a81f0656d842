"""Score cue matching on films whose music is treated: played slower, through walls, in pieces, ...

    python benchmarks/cues_treatments.py [--albums FOLDER --speech FOLDER --effects FOLDER]

Draws `--films` albums of the folder, and a film for each with four cues of 20 to 90 s and a decoy,
at music-to-rest levels of +10 to -10 dB (`cue_films/plan.py`). Each treatment of
`cue_films/treatments.py` is applied to the music of the same cues, or makes films of its own, an
hour of them (`--minutes`), in which nothing is on the album: `held_out` (tracks taken out of the
index of their album), `foreign`, `tones`, `speech`. A film plays no track that shares sound with
another track of the folder. Without folders, music is composed and speech and effects are
synthesized, as in the demo.

Everything else is the product's: films are encoded files, `scorelens.fingerprints` indexes the
albums, `scorelens.cues.match` (or `dejavu`) finds the cues, `scorelens.cues.score` scores them. The
method `chromaprint` is a peer. `--config` is a configuration of scorelens, whose blocks
`fingerprints` and `cues` are used.

Rows are printed as they are made, and written to `--out` as a table; beside it, `.cues.tsv` has
every predicted cue, `.bins.tsv` the reliability of the confidence over all treatments together.
`tempo_error` (relative) and `pitch_error` (semitones) are medians over right cues, where the table
of cues has the columns `tempo` and `pitch_semitones`. `match_s_per_h` are CPU seconds to decode and
match an hour of film, `decode_s_per_h` to decode it. `--cache` keeps films and indices.

With `--levels` the level of the music of every cue against the rest of the film is measured, of the
true cues and of those found, and compared with the mix: errors in dB by the level of the cues, of
whole cues and of their seconds, for treatments that play one piece of one track in a cue.

Of the free games that scorelens was developed with, TUNING are for choosing settings
(`--set tuning`); results on all others are only for the final figures (`--set held-out`).
"""

import argparse
import functools
import hashlib
import multiprocessing
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from cue_films import albums, chromaprint, levels, plan, scores
from cue_films.mixing import MadeFilm, Stage, make_films
from cue_films.plan import Film
from cue_films.treatments import TREATMENTS

from scorelens import code_hash, config, fingerprints, media, tables
from scorelens.albums.tracks import track_sounds
from scorelens.corpus.synthesis import sounds
from scorelens.corpus.synthesis.clips import clips_of_folder
from scorelens.corpus.synthesis.timeline import RATE_HZ
from scorelens.cues import calibration, dejavu, match
from scorelens.fingerprints import methods

HOME = Path(__file__).resolve().parent.parent
TUNING = ("colobot", "fish-fillets", "freecol", "hedgewars", "openclonk", "supertux")
METHODS = ("diagonal", "dejavu", "chromaprint")
COMPOSED = {"albums": 6, "tracks": 8, "track_s": 100.0}
SHOWN = [
    *("true_cues", "predicted_cues", "time_precision", "time_recall", "cue_precision"),
    *("cue_recall", "second_recall", "false_s_per_h", "sure_false_cues_per_h", "tempo_error"),
    *("pitch_error", "confidence_right", "confidence_wrong", "match_s_per_h", "decode_s_per_h"),
]


@dataclass(frozen=True)
class Matcher:
    """A method with its settings, and the tracks that it indexes."""

    method: str
    settings: dict
    stage: Stage

    def index_of(self, film: Film, is_big: bool) -> Path:
        """The index that a film is matched with, a big one with tracks of other albums."""
        own = self.index(tuple(self.stage.plan.album_tracks(film.album_id)))
        if not is_big:
            return self.index(film.indexed, own)
        first = self.index(self.stage.plan.big_album(self.stage.plan.albums[0]), own)
        return self.index(self.stage.plan.big_album(film.album_id), first)

    def index(self, track_ids: tuple[str, ...], reused: Path | None = None) -> Path:
        """Index tracks, or find their index in the cache. reused: an index with some of them."""
        source = code_hash.source_hash(HOME / "scripts" / "index_fingerprints.py")
        key = [self.method, source, self.settings["fingerprints"], track_ids, self.stage.media]
        path = self.stage.cache / "indices" / f"{tables.digest(key)[:16]}.npz"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            tracks = self.stage.plan.tracks.set_index("track_id", drop=False).loc[list(track_ids)]
            table = path.with_suffix(".tsv")
            if reused and self.method == "diagonal":
                shutil.copy(reused, path)
            tables.write_table(tracks.assign(album_id="album"), table, tables.ALBUM_TRACKS)
            write_index(self.method, table, path, self.settings["fingerprints"], source)
        return path

    def find_cues(self, film: MadeFilm, index: Path) -> pd.DataFrame:
        """Predict the cues of a film, including reading the index, as a job does."""
        film_id = film.film.film_id
        if self.method == "chromaprint":
            with np.load(index) as prints:
                return chromaprint.find_cues(
                    film_id, chromaprint.fingerprint(film.sound), dict(prints)
                )
        settings = self.settings["cues"][self.method]
        if self.method == "dejavu":
            album = fingerprints.read_dejavu_index(index)
            return dejavu.find_cues(film_id, film.sound, album, **settings)
        album = fingerprints.read_album(index)
        hashes = match.fingerprint_film(film.sound, album)
        return match.find_cues(film_id, hashes, album, **settings)


def write_index(method: str, table: Path, path: Path, settings: dict, source: str) -> None:
    if method != "chromaprint":
        methods.index_album(method, "album", table, path, settings, source)
        return
    tracks = tables.read_table(table, tables.ALBUM_TRACKS)
    named = zip(tracks.track_id, tracks["path"], strict=True)
    np.savez(path, **{name: chromaprint.fingerprint(source) for name, source in named})


def main() -> None:
    chosen = parse()
    with tempfile.TemporaryDirectory() as temporary:
        cache = chosen.cache or Path(temporary)
        cache.mkdir(parents=True, exist_ok=True)
        stage = make_stage(chosen, cache)
        given = yaml.safe_load(chosen.config.read_text()) if chosen.config else {}
        settings = config.complete(given or {}, HOME / "workflow" / "schemas")
        matcher = Matcher(chosen.method, settings, stage)
        rows, found = {}, []
        for name, row, films in each(matcher, chosen.treatments, chosen.jobs):
            rows[name] = row
            found += films
            print(format_row(name, row), flush=True)
            if chosen.levels:
                print_levels(matcher.stage, name, films)
            write(chosen.out, rows, found)
        print_confidence(found)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("albums", "speech", "effects"):
        parser.add_argument(f"--{name}", type=Path, help=f"folder of real {name}")
    parser.add_argument("--set", choices=("all", "tuning", "held-out"), default="all")
    parser.add_argument(
        "--treatments", nargs="+", default=list(TREATMENTS), choices=TREATMENTS, metavar="NAME"
    )
    parser.add_argument("--method", choices=METHODS, default="diagonal")
    parser.add_argument("--films", type=int, default=4)
    parser.add_argument("--cues", type=int, default=4, help="cues of a film")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--levels", action="store_true", help="measure how loud the music is")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def make_stage(chosen: argparse.Namespace, cache: Path) -> Stage:
    """Read or compose the albums, and plan the films."""
    folder = chosen.albums or albums.compose_albums(
        cache / f"albums_{chosen.seed}", seed=chosen.seed, **COMPOSED
    )
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if chosen.set != "all":
        names = [name for name in names if (name in TUNING) == (chosen.set == "tuning")]
    media_key = repr([str(folder.resolve()), names, str(chosen.speech), str(chosen.effects)])
    key = hashlib.sha256(media_key.encode()).hexdigest()[:10]
    tracks = albums.cached_tracks(folder, names, cache / f"tracks_{key}.tsv")
    shared = albums.shared_tracks(tracks, cache / f"shared_{key}.json")
    located = albums.locate(tracks)
    made = plan.make_plan(tracks, located, shared, chosen.films, chosen.cues, chosen.seed)
    return Stage(
        made,
        clip_source(chosen.speech, "voice clips", sounds.babble),
        clip_source(chosen.effects, "sound effects", sounds.effect),
        media_key,
        cache,
        chosen.minutes,
    )


def clip_source(folder: Path | None, what: str, make: Callable):
    return clips_of_folder(folder, what, RATE_HZ) if folder else functools.partial(synthesize, make)


def synthesize(make: Callable, rng: np.random.Generator) -> np.ndarray:
    return make(rng, RATE_HZ)


def each(matcher: Matcher, names: list[str], jobs: int):
    """The row and the cues of each treatment, in the order of the names."""
    if jobs == 1:
        yield from (run(matcher, name) for name in names)
        return
    # Forked processes inherit the matcher, whose clips cannot be pickled.
    with multiprocessing.get_context("fork").Pool(
        jobs, _FORKED.update, ({"matcher": matcher},)
    ) as pool:
        yield from pool.imap(run_forked, names)


_FORKED: dict[str, Matcher] = {}


def run_forked(name: str) -> tuple[str, dict[str, float], list[scores.Found]]:
    return run(_FORKED["matcher"], name)


def run(matcher: Matcher, name: str) -> tuple[str, dict[str, float], list[scores.Found]]:
    """Make, match and score the films of a treatment."""
    start_s = cpu_s()
    films = make_films(name, matcher.stage)
    build_s = cpu_s() - start_s
    found = [measure(matcher, film, TREATMENTS[name].index == "big") for film in films]
    return name, scores.score_treatment(found, build_s), found


def measure(matcher: Matcher, film: MadeFilm, is_big: bool) -> scores.Found:
    """Match one film, and measure the cost."""
    index = matcher.index_of(film.film, is_big)
    start_s = cpu_s()
    cues = matcher.find_cues(film, index)
    match_s = cpu_s() - start_s
    for _ in media.audio_blocks(film.sound, matcher.settings["fingerprints"]["sample_rate_hz"]):
        pass
    decode_s = cpu_s() - start_s - match_s
    film_id, length_s = film.film.film_id, media.probe(film.sound).duration_s
    return scores.Found(film_id, cues, film.truth, length_s, match_s, decode_s)


def cpu_s() -> float:
    """CPU seconds of this process and of its finished children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def write(out: Path | None, rows: dict[str, dict], found: list[scores.Found]) -> None:
    if out is None:
        return
    table = pd.DataFrame(rows).T.rename_axis("treatment")
    table.to_csv(out, sep="\t", float_format="%.4f")
    names = np.repeat(list(rows), [int(row["films"]) for row in rows.values()])
    cues = [scores.label(one).assign(treatment=n) for one, n in zip(found, names, strict=True)]
    pd.concat(cues).to_csv(out.with_suffix(".cues.tsv"), sep="\t", float_format="%.4f", index=False)
    bins(found).to_csv(out.with_suffix(".bins.tsv"), sep="\t", float_format="%.4f", index=False)


def print_levels(stage: Stage, name: str, found: list[scores.Found]) -> None:
    """Print the errors of the levels, of the true cues and of those found."""
    tracks = track_sounds(stage.plan.tracks)
    films = make_films(name, stage)
    seconds = {
        "true cues": [levels.second_levels(film, levels.true_cues(film), tracks) for film in films],
        "cues found": [
            levels.second_levels(film, one.cues, tracks)
            for film, one in zip(films, found, strict=True)
        ],
    }
    for cues, rows in seconds.items():
        joined = pd.concat(rows)
        if len(joined):
            errors = levels.summarize(joined)
            print(f"levels of {name}, {cues}:\n{errors.to_string(float_format='%.2f')}", flush=True)


def bins(found: list[scores.Found]) -> pd.DataFrame:
    """Reliability of the confidence over all films."""
    return calibration.bin_confidence([(one.cues, scores.merged(one.truth)) for one in found])


def print_confidence(found: list[scores.Found]) -> None:
    table = bins(found)
    shown = ["confidence_low", "cues", "confidence", "right", "right_low", "right_high"]
    print(table[shown].to_string(index=False, float_format="%.3f"))
    print(f"expected calibration error {calibration.calibration_error(table):.3f}")


def format_row(name: str, row: dict[str, float]) -> str:
    values = [f"{key} {row[key]:.3g}" for key in SHOWN if not pd.isna(row[key])]
    return f"{name}: {', '.join(values)}"


if __name__ == "__main__":
    main()
