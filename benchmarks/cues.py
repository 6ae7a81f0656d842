"""Score the two cue matching methods on films with known cues, and measure their cost.

    python benchmarks/cues.py [--albums FOLDER --speech FOLDER --effects FOLDER] [--films 6]

Mixes films of 6 min from albums, speech and effects at +10 to -15 dB, with music of other albums as
decoys, the last third of them at 25/24 speed, encodes them, indexes the albums and matches, all on
one core. The albums are composed unless --albums names a folder with one folder per album. Both
searches of the method `diagonal` then match a film of 2 hours, the first film repeated, with albums
of 30 and 200 tracks: its own, those of the other albums, and copies of all of them at other speeds.
The last line is JSON, for the method `diagonal`: `x_realtime`, film seconds that one CPU second
matches, including reading the index and decoding; `decode_x_realtime`, the same for decoding alone;
`index_mb_per_hour` of music; and for each number of tracks `index_s` and `hours` of music, and
`x_realtime` and `peak_mb`, peak memory of a process with imports, of each search.
"""

import argparse
import itertools
import json
import multiprocessing
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pandas as pd
import soundfile
import soxr

from scorelens import config, fingerprints, media, tables
from scorelens.albums.files import list_files
from scorelens.albums.reading import read_album, read_file
from scorelens.corpus.synthesis import composer, instruments, sounds
from scorelens.corpus.synthesis.assembler import true_cues
from scorelens.corpus.synthesis.clips import clips_of_folder
from scorelens.corpus.synthesis.demo_plan import GENRES
from scorelens.corpus.synthesis.mixing import mix_film
from scorelens.corpus.synthesis.recipes import draw_music
from scorelens.corpus.synthesis.timeline import RATE_HZ, Pace, plan_scenes
from scorelens.cues import calibration, dejavu, match, score
from scorelens.fingerprints import methods

HOME = Path(__file__).resolve().parent.parent
SETTINGS = config.complete({}, HOME / "workflow" / "schemas")
METHODS = ("diagonal", "dejavu")
FILM_S, LONG_S = 360.0, 2 * 3600.0
SNRS_DB = (10, 5, 0, -5, -10, -15)
FAST = 25 / 24
ALBUM_TRACKS, SEARCHES = (30, 200), ("wide", "narrow")
COPY_RATE_HZ, COPY_SPEEDS = 24000, (0.8, 1.25, 0.65, 1.5, 0.55)
TRACKS, TRACK_S = 7, 70.0
CODECS = (("aac", 48000, "m4a"), ("libmp3lame", 44100, "mp3"))


@dataclass(frozen=True)
class Film:
    """A film with its true cues. speed: album seconds per second of film."""

    film_id: str
    sound: Path
    tracks: Path
    truth: pd.DataFrame
    speed: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("albums", "speech", "effects"):
        parser.add_argument(f"--{name}", type=Path, help=f"folder of real {name}")
    parser.add_argument("--films", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rng = np.random.default_rng(chosen.seed)
        albums = (
            real_albums(chosen.albums)
            if chosen.albums
            else compose_albums(chosen.films, folder, rng)
        )
        films = make_films(chosen, albums, folder, rng)
        costs = {method: run(method, films, folder) for method in METHODS}
        for count in ALBUM_TRACKS:
            costs["diagonal"] |= measure_album(films[0], albums, count, folder)
    print_table("cost", {m: {k: f"{v:g}" for k, v in costs[m].items()} for m in METHODS})
    print(json.dumps(costs["diagonal"]))


def run(method: str, films: list[Film], folder: Path) -> dict[str, float]:
    """Index, match and score all films; print the scores; return the costs."""
    indices = {film.tracks: folder / f"{method}_{film.tracks.stem}.npz" for film in films}
    index_s = sum(
        cpu_seconds(
            methods.index_album, method, "album", table, path, SETTINGS["fingerprints"], "benchmark"
        )
        for table, path in indices.items()
    )
    music_s = sum(tables.read_table(t, tables.ALBUM_TRACKS).duration_s.sum() for t in indices)
    film_s = sum(media.probe(film.sound).duration_s for film in films)
    decode_s = sum(cpu_seconds(decode, film.sound) for film in films)
    start = time.process_time()
    predicted = [find_cues(method, film, indices[film.tracks]) for film in films]
    match_s = time.process_time() - start
    print_scores(method, films, predicted)
    size_mb = sum(path.stat().st_size for path in indices.values()) / 1e6
    return {
        "x_realtime": round(film_s / match_s, 1),
        "decode_x_realtime": round(film_s / decode_s, 1),
        "index_x_realtime": round(music_s / index_s, 1),
        "index_mb_per_hour": round(size_mb / (music_s / 3600), 3),
    }


def find_cues(method: str, film: Film, index: Path, **changed: str) -> pd.DataFrame:
    """Predict the cues of one film, including reading the index, as a job does."""
    settings = SETTINGS["cues"][method] | changed
    if method == "dejavu":
        album = fingerprints.read_dejavu_index(index)
        return dejavu.find_cues(film.film_id, film.sound, album, **settings)
    album = fingerprints.read_album(index)
    hashes = match.fingerprint_film(film.sound, album)
    return match.find_cues(film.film_id, hashes, album, **settings)


def print_scores(method: str, films: list[Film], predicted: list[pd.DataFrame]) -> None:
    def scores(selected):
        return score.score_films([(f.film_id, cues, f.truth) for f, cues in selected])

    pairs = list(zip(films, predicted, strict=True))
    all_scores = scores(pairs)
    rows = {"all films": all_scores.iloc[0]}
    for name, fast in (("usual speed", False), ("fast films", True)):
        subset = [pair for pair in pairs if (pair[0].speed != 1) == fast]
        if subset:
            rows[name] = scores(subset).iloc[0]
    for row in all_scores[all_scores.group == "snr"].itertuples():
        rows[f"{row.value} dB"] = pd.Series(row._asdict())
    columns = tables.CUE_SCORES.names[2:]
    print_table(
        method, {name: {c: format_number(row[c]) for c in columns} for name, row in rows.items()}
    )
    bins = calibration.bin_confidence([(cues, film.truth) for film, cues in pairs])
    print(f"calibration error of {method}: {calibration.calibration_error(bins):.3f}\n")


def measure_album(
    film: Film, albums: dict[str, dict[str, str]], count: int, folder: Path
) -> dict[str, float]:
    """Cost of an album of so many tracks: to index it, and to match a film of 2 hours."""
    own = albums[film.tracks.stem]
    others = {f"{n}_{t}": p for n in albums for t, p in albums[n].items() if p not in own.values()}
    tracks = dict(list((own | others).items())[:count])
    copies = itertools.islice(sped_copies(tracks, folder), count - len(tracks))
    table = track_table(f"album_of_{count}", tracks | dict(copies), folder)
    index = folder / f"album_of_{count}.npz"
    arguments = "diagonal", "album", table, index, SETTINGS["fingerprints"], "benchmark"
    costs = {"index_s": cpu_seconds(methods.index_album, *arguments)}
    costs["hours"] = tables.read_table(table, tables.ALBUM_TRACKS).duration_s.sum() / 3600
    for search in SEARCHES:
        long_film = measure_long_film(film, index, search, folder)
        costs |= {f"{search}_{name}": value for name, value in long_film.items()}
    return {f"{count}_{name}": round(value, 1) for name, value in costs.items()}


def sped_copies(tracks: dict[str, str], folder: Path) -> Iterator[tuple[str, str]]:
    """Copies that play faster or slower than any film plays an album, pitch and all."""
    for speed in COPY_SPEEDS:
        for number, (track_id, path) in enumerate(tracks.items()):
            sound = media.read_audio(path, COPY_RATE_HZ)
            copy = folder / f"copy_{number}_{speed}.flac"
            soundfile.write(copy, sound, round(COPY_RATE_HZ * speed))
            yield f"{track_id}_{round(100 * speed)}", str(copy)


def measure_long_film(film: Film, index: Path, search: str, folder: Path) -> dict[str, float]:
    """Peak memory in MB of a process that matches a film of 2 hours, and its speed."""
    long_film = folder / f"long{film.sound.suffix}"
    repeats = round(LONG_S / media.probe(film.sound).duration_s)
    ffmpeg("-y", "-stream_loop", repeats - 1, "-i", film.sound, "-c", "copy", long_film)
    looped = Film(film.film_id, long_film, film.tracks, film.truth, film.speed)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        seconds, peak_mb, cues = pool.apply(match_in_subprocess, (looped, index, search))
    length_s = media.probe(long_film).duration_s
    print(f"{length_s / 3600:.2f} hours: {cues} cues, {length_s / seconds:.0f} x real time")
    return {"x_realtime": length_s / seconds, "peak_mb": peak_mb}


def match_in_subprocess(film: Film, index: Path, search: str) -> tuple[float, float, int]:
    """CPU seconds, peak memory of this process in MB, and the number of cues."""
    start = time.process_time()
    cues = find_cues("diagonal", film, index, search=search)
    seconds = time.process_time() - start
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(cues)


def make_films(
    chosen: argparse.Namespace,
    albums: dict[str, dict[str, str]],
    folder: Path,
    rng: np.random.Generator,
) -> list[Film]:
    speech = clip_source(chosen.speech, "voice clips", sounds.babble)
    effects = clip_source(chosen.effects, "sound effects", sounds.effect)
    names = list(albums)
    films = []
    for number in range(chosen.films):
        name = names[number % len(names)]
        others = {f"{n}/{t}": p for n in names if n != name for t, p in albums[n].items()}
        scenes = plan_scenes(albums[name], others, Pace(), round(FILM_S * RATE_HZ), rng)
        sound, _, snrs = mix_film(scenes, speech, effects, SNRS_DB, rng)
        speed = FAST if number >= chosen.films - chosen.films // 3 else 1.0
        film_id = f"film_{number:02d}"
        truth = true_cues(film_id, scenes, snrs)
        truth[["film_start_s", "film_end_s"]] /= speed
        path = encode(sound, speed, folder, film_id, CODECS[number % len(CODECS)])
        films.append(Film(film_id, path, track_table(name, albums[name], folder), truth, speed))
    return films


def clip_source(folder: Path | None, what: str, make):
    if folder:
        return clips_of_folder(folder, what, RATE_HZ)
    return lambda rng: make(rng, RATE_HZ)


def real_albums(folder: Path) -> dict[str, dict[str, str]]:
    albums = {}
    for album_folder in sorted(path for path in folder.iterdir() if path.is_dir()):
        tracks = read_album(album_folder, list_files(album_folder)).tracks
        albums[album_folder.name] = dict(zip(tracks["track_id"], tracks["path"], strict=True))
    return {name: tracks for name, tracks in albums.items() if tracks}


def compose_albums(count: int, folder: Path, rng: np.random.Generator) -> dict[str, dict[str, str]]:
    albums = {}
    for number in range(count):
        theme, tracks = composer.draw_theme(rng), {}
        for track in range(TRACKS):
            recipe = draw_music(GENRES[rng.integers(len(GENRES))], rng)
            notes = composer.compose(theme, recipe, TRACK_S, rng)
            path = folder / f"album_{number}_{track}.flac"
            soundfile.write(path, instruments.render(notes, recipe, rng), instruments.MUSIC_RATE_HZ)
            tracks[f"track_{track}"] = str(path)
        albums[f"album_{number}"] = tracks
    return albums


def track_table(name: str, tracks: dict[str, str], folder: Path) -> Path:
    table = pd.concat([read_file(path, track_id).tracks for track_id, path in tracks.items()])
    path = folder / f"{name}.tsv"
    tables.write_table(table.assign(album_id="album"), path, tables.ALBUM_TRACKS)
    return path


def encode(sound: np.ndarray, speed: float, folder: Path, name: str, codec) -> Path:
    encoder, rate_hz, extension = codec
    if speed != 1:
        sound = soxr.resample(sound, RATE_HZ * speed, RATE_HZ)
    wave = folder / f"{name}.wav"
    soundfile.write(wave, sound, RATE_HZ)
    path = folder / f"{name}.{extension}"
    ffmpeg("-i", wave, "-ar", rate_hz, "-c:a", encoder, "-b:a", "128k", path)
    wave.unlink()
    return path


def ffmpeg(*arguments) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *map(str, arguments)]
    subprocess.run(command, check=True)


def decode(film: Path) -> None:
    for _ in media.audio_blocks(film, SETTINGS["fingerprints"]["sample_rate_hz"]):
        pass


def cpu_seconds(work, *arguments) -> float:
    start = time.process_time()
    work(*arguments)
    return time.process_time() - start


def format_number(value) -> str:
    return "-" if pd.isna(value) else f"{value:.3g}"


def print_table(title: str, rows: dict[str, dict[str, str]]) -> None:
    print(pd.DataFrame(rows).rename_axis(title).to_string(), "\n")


if __name__ == "__main__":
    main()
