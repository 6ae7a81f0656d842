"""Measure how fast every stage is, against the cost of decoding alone.

    python benchmarks/stages.py [RESULTS ...] [--films 2]

RESULTS are the `results` folders of finished runs (a demo, a corpus of real albums); without one,
two demo films are made. Each stage runs again on the first films of each run, into a temporary
folder. CPU seconds are of one thread. "x real time" is media seconds (of the album for
fingerprints, of the cues for features, of the film for the rest) per CPU second. The floor is
decoding: the same sound at the same rate for the sound stages, every frame for the visuals. The
last line is one JSON object.
"""

import argparse
import contextlib
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
import pandas as pd
from threadpoolctl import threadpool_limits

from scorelens import fingerprints, media, tables
from scorelens.config import complete
from scorelens.corpus import check
from scorelens.corpus.synthesis import demo, demo_plan
from scorelens.cues import match
from scorelens.features import extract, mir
from scorelens.visuals import measure

HOME = Path(__file__).resolve().parent.parent
DEMO_FILM_S = 96


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of one run."""
    start = time.process_time()
    work()
    return time.process_time() - start


def make_demo(folder: Path, count: int) -> Path:
    """Make and check demo films; return a results folder that holds them."""
    for film in demo_plan.demo_films(count, seed=1):
        media_folder = folder / "corpus" / "media" / film.film_id
        tracks = {name: media_folder / "album" / f"{name}.flac" for name in demo_plan.DEMO_TRACKS}
        video, truth = (
            media_folder / "film.mp4",
            folder / "corpus" / "truth" / f"{film.film_id}.tsv",
        )
        demo.make_demo_film(film, list(tracks.values()), DEMO_FILM_S, video, truth)
        corpus, name = folder / "corpus", f"{film.film_id}.tsv"
        album = corpus / "albums" / name, corpus / "albums" / f"{film.film_id}.status.tsv"
        check.check_album(
            film.film_id, media_folder / "album", list(map(str, tracks.values())), *album[::-1]
        )
        check.check_film(
            film.film_id, video, album, corpus / "status" / name, corpus / "tracks" / name
        )
    return folder


def decode_pictures(video: Path) -> None:
    with media.open_container(video) as container:
        stream = media.picture_stream(container)
        for _ in container.decode(stream) if stream else ():
            pass


def stage_costs(results: Path, film_id: str, config: dict) -> dict[str, tuple[float, float]]:
    """Stage -> (media seconds, CPU seconds) for one film of a finished run."""
    video = results / "corpus" / "media" / film_id / "film.mp4"
    track_table = results / "corpus" / "tracks" / f"{film_id}.tsv"
    status = results / "corpus" / "status" / f"{film_id}.tsv"
    tracks = tables.read_table(track_table, tables.TRACKS)
    film_s = media.probe(video).duration_s
    settings = config["fingerprints"]
    costs = {}

    def run(stage: str, media_s: float, work: Callable[[], object]) -> None:
        costs[stage] = media_s, cpu_s(work)

    with tempfile.TemporaryDirectory() as folder:
        index, cues = Path(folder) / "index.npz", Path(folder) / "cues.parquet"
        outputs = {"table": cues, "text": Path(folder) / "cues.tsv"}
        features, pictures = Path(folder) / "features.parquet", Path(folder) / "visuals.parquet"
        album_s = tracks.duration_s.sum()
        run("decode album", album_s, lambda: [media.read_audio(p, 11025) for p in tracks.path])
        album = results / "corpus" / "albums" / f"{film_id}.tsv"
        index_album = partial(fingerprints.index_album, film_id, album, index, settings)
        run("fingerprints", album_s, index_album)
        run("decode film", film_s, lambda: list(media.audio_blocks(video, 11025)))
        match_film = partial(match.match_film, "diagonal", film_id, video, index, status, outputs)
        run("cues", film_s, partial(match_film, config["cues"]["diagonal"]))
        cue_table = tables.read_table(cues, tables.CUES)
        cue_s = (cue_table.film_end_s - cue_table.film_start_s).sum()
        cue_tracks = tracks.path[tracks.track_id.isin(cue_table.track_id)]
        run(
            "decode cues' tracks",
            cue_s,
            lambda: [media.read_audio(p, mir.RATE_HZ) for p in cue_tracks],
        )
        profile = config["features"]["profile"]
        extract_film = partial(extract.extract_film, film_id, "mir", profile, "album")
        run("features", cue_s, partial(extract_film, cues, track_table, None, features))
        run("decode pictures", film_s, partial(decode_pictures, video))
        measure_film = partial(measure.measure_film, film_id, video, pictures, threads=1)
        run("visuals", film_s, partial(measure_film, **config["visuals"]))
    return costs


FLOORS = {
    "fingerprints": "decode album",
    "cues": "decode film",
    "features": "decode cues' tracks",
    "visuals": "decode pictures",
}


def report(name: str, costs: list[dict[str, tuple[float, float]]]) -> dict[str, float]:
    """Print the table of one run; return x real time of every stage."""
    media_s, used_s = defaultdict(float), defaultdict(float)
    for film in costs:
        for stage, (length, cpu) in film.items():
            media_s[stage] += length
            used_s[stage] += cpu
    rows = [
        {
            "stage": stage,
            "media s": round(media_s[stage], 1),
            "CPU s": round(used_s[stage], 2),
            "x real time": round(media_s[stage] / used_s[stage], 1),
            "x floor": round(used_s[stage] / used_s[FLOORS[stage]], 2) if stage in FLOORS else "",
        }
        for stage in media_s
    ]
    print(f"\n{name}: {len(costs)} films\n{pd.DataFrame(rows).to_string(index=False)}")
    return {row["stage"]: row["x real time"] for row in rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("results", nargs="*", type=Path)
    parser.add_argument("--films", type=int, default=2)
    arguments = parser.parse_args()
    config = complete({}, HOME / "workflow" / "schemas")
    av.logging.set_level(av.logging.PANIC)
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        runs = arguments.results or [make_demo(Path(folder), arguments.films)]
        figures = {}
        for results in runs:
            films = sorted(path.name for path in (results / "corpus" / "media").iterdir())
            with contextlib.chdir(results.resolve().parent):  # tables hold relative paths
                folder_name = Path(results.name)
                costs = [
                    stage_costs(folder_name, film, config) for film in films[: arguments.films]
                ]
            figures[str(results) if arguments.results else "demo"] = report(str(results), costs)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
