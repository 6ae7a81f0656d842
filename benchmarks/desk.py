"""Measure desk and report: bytes and CPU seconds to write them, seconds to open them in a browser.

    python benchmarks/desk.py [FILMS ...] [--pages N]

Films of three hours with 200 cues, an album of 40 tracks, picture, loudness, music, tempo, key and
genre probabilities by the second; 18, 100 and 1,000 of them by default. Pages of films are alike:
`--pages` of them are written (20 at most by default), and the bytes of all follow. Chromium opens
the index, one film and the report, without a window; a page is open when its rows can be seen and
its curves are drawn. The longest task of the page's main thread is that while it opens, while the
index is filtered and sorted, and while the time line is zoomed, scrolled and used for verdicts: in
ms of the clock, and of CPU, which other work of the machine does not change. The report is that of
a made-up run, with its figures drawn before. The last line is one JSON object.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scorelens import tables
from scorelens.desk import film_page, index_page
from scorelens.desk.film_data import CHROMA
from tests.browser import forbid_realtime_priority
from tests.report_run import make_run, render

SECONDS, CUES, TRACKS = 3 * 3600, 200, 40
GENRES = ("Action", "Comedy", "Drama", "Horror", "Romance", "Science Fiction", "Thriller")
UNKNOWN = {"music_threshold": 0.5, "min_unknown_s": 5.0, "cue_margin_s": 3.0}
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def cue_table(rng: np.random.Generator) -> pd.DataFrame:
    starts = np.arange(CUES) * SECONDS / CUES + rng.uniform(0, 5, CUES)
    lengths = rng.uniform(20, 60, CUES)
    return pd.DataFrame(
        {
            "film_id": "film",
            "cue_id": [f"cue_{k:04d}" for k in range(CUES)],
            "track_id": [f"track_{k % TRACKS:02d}" for k in range(CUES)],
            "film_start_s": starts,
            "film_end_s": np.minimum(starts + lengths, SECONDS),
            "track_start_s": rng.uniform(0, 60, CUES),
            "equal_starts_s": [()] * CUES,
            "shared_tracks": [()] * CUES,
            **{"speed": 1.0427, "tempo": 1.0427, "pitch_semitones": 0.72, "score": 90.0},
            "confidence": rng.uniform(0.5, 1, CUES),
            "verdict": "",
        }
    )


def by_second(rng: np.random.Generator, cues: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Tables of the film with one row a second: of all of it, or of its cues."""
    film = pd.DataFrame({"film_id": "film", "time_s": np.arange(SECONDS, dtype=float)})
    picture = {name: rng.uniform(0, 0.5, SECONDS) for name in tables.VISUALS.names[2:]}
    cuts = (rng.uniform(0, 1, SECONDS) < 0.2).astype(int)
    sound = rng.uniform(0, 1, (3, SECONDS)).astype(np.float32)
    seconds = [
        (cue.cue_id, float(second))
        for cue in cues.itertuples()
        for second in range(int(cue.film_start_s), int(cue.film_end_s))
    ]
    frames = pd.DataFrame(seconds, columns=["cue_id", "time_s"]).assign(film_id="film")
    levels = {name: rng.uniform(-50, 0, len(frames)) for name in ("music_db", "rest_db")}
    chroma = rng.uniform(0, 1, (len(frames), 12)).astype(np.float32)
    tempo = rng.uniform(50, 190, len(frames)).astype(np.float32)
    features = frames.join(pd.DataFrame(chroma, columns=list(CHROMA)))
    return {
        "visuals": film.assign(**picture | {"cuts": cuts}),
        "music": film.assign(music=sound[0], speech=sound[1], singing=sound[2]),
        "levels": frames.assign(**levels, music_to_rest_db=0.0, is_foreground=True),
        "features": features.assign(**{"rhythm.tempo.mean": tempo}),
    }


def write_tables(folder: Path) -> dict[str, str]:
    """Write the tables of one film; returns their paths by name."""
    rng = np.random.default_rng(0)
    cues = cue_table(rng)
    genres = [
        {
            "film_id": "film",
            "cue_id": cue,
            "genre": genre,
            "probability": rng.uniform(),
            "weight": 0.1,
        }
        for cue in cues.cue_id
        for genre in GENRES
    ]
    schemas = {
        "cues": tables.CUES,
        "status": tables.STATUS,
        "tracks": tables.TRACKS,
        "visuals": tables.VISUALS,
        "music": tables.MUSIC,
        "levels": tables.CUE_LEVELS,
        "features": tables.FEATURES,
        "genres": tables.GENRE_CUES,
    }
    frames = {
        "cues": cues,
        "status": pd.DataFrame([status_row("film")]),
        "tracks": track_table(folder),
        "genres": pd.DataFrame(genres),
        **by_second(rng, cues),
    }
    paths = {}
    for name, frame in frames.items():
        paths[name] = str(folder / f"{name}.{'tsv' if name in ('status', 'tracks') else 'parquet'}")
        tables.write_table(frame, paths[name], schemas[name])
    return {**paths, "machine_cues": paths["cues"]}


def status_row(film: str) -> dict:
    return {
        **{"film_id": film, "status": "ok", "problems": "", "notes": "cover.jpg is no music"},
        **{"duration_s": float(SECONDS), "has_picture": True, "tracks": TRACKS},
        **{"video_sha256": "0" * 64, "video_bytes": 1, "frame_rate_hz": 25.0},
    }


def track_table(folder: Path) -> pd.DataFrame:
    rows = [
        {
            **{"film_id": "film", "track_id": f"track_{k:02d}", "title": f"Theme of Act {k}"},
            **{
                "path": str(folder / "album" / f"{k:02d}.flac"),
                "start_s": 0.0,
                "duration_s": 180.0,
            },
            **{"sample_rate_hz": 44100, "artist": "Jo Field", "composer": "", "album": "Scores"},
            **{"disc": None, "number": k, "isrc": "", "publisher": "", "sha256": "0" * 64},
        }
        for k in range(TRACKS)
    ]
    return pd.DataFrame(rows)


def write_video(path: Path) -> None:
    picture = f"testsrc=size=64x36:rate=1:duration={SECONDS}"
    command = (imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", picture)
    subprocess.run([*command, "-c:v", "libx264", "-preset", "ultrafast", path], check=True)


def write_pages(folder: Path, files: dict[str, str], pages: int) -> tuple[float, int]:
    """Write the pages of films; returns CPU seconds and bytes of one."""
    target = folder / "desk" / "films"
    target.mkdir(parents=True, exist_ok=True)
    film = {"year": 1999, "genres": GENRES[:2], "video": str(folder / "film.mp4")}
    start = time.process_time()
    for number in range(pages):
        values = {**film, "film_id": f"film_{number:05d}", "title": f"Film {number}"}
        page = target / f"film_{number:05d}.html"
        film_page.write_film_page({**values, "is_preview": False}, files, (), UNKNOWN, page)
    return (time.process_time() - start) / pages, page.stat().st_size


def write_index(folder: Path, cues: str, films: int) -> tuple[float, int]:
    """Write the index of a number of films; returns CPU seconds and bytes."""
    names = [f"film_{number:05d}" for number in range(films)]
    (folder / "cues").mkdir(exist_ok=True)
    for name in names:
        shutil.copyfile(cues, folder / "cues" / f"{name}.parquet")
    rows = [
        {
            **{"film_id": name, "title": f"The Film Number {number}", "year": 1950 + number % 70},
            **{"genres": (GENRES[number % 7],), "duration_s": float(SECONDS)},
            **{"has_picture": True, "tracks": TRACKS},
        }
        for number, name in enumerate(names)
    ]
    spans = [
        {"film_id": name, "start_s": 100.0 * k, "end_s": 100.0 * k + 9, "music": 0.9}
        for name in names
        for k in range(9)
    ]
    written = {
        "films": (rows, tables.FILMS),
        "status": (list(map(status_row, names)), tables.STATUS),
        "unknown": (spans, tables.UNKNOWN_MUSIC),
    }
    for name, (records, schema) in written.items():
        tables.write_table(pd.DataFrame(records), folder / f"{name}_all.tsv", schema)
    desk = folder / "desk"
    start = time.process_time()
    index_page.write_index(
        *(folder / "films_all.tsv", folder / "status_all.tsv"),
        {"matched": [str(folder / "cues" / f"{name}.parquet") for name in names], "corrected": []},
        *(folder / "unknown_all.tsv", {}),
        {"index": desk / "index.html", "given": desk / "given.js", "assets": desk / "assets"},
    )
    return time.process_time() - start, (desk / "index.html").stat().st_size


def write_report(folder: Path, films: int) -> tuple[float, int]:
    """Write the report of a made-up run; returns CPU seconds and bytes."""
    folder.mkdir()
    inputs = make_run(folder, films)
    start = time.process_time()
    render(folder, inputs)
    return time.process_time() - start, (folder / "report.html").stat().st_size


class Watched:
    """A page of which every task is recorded."""

    def __init__(self, browser, path: Path) -> None:
        self.browser = browser
        self.page = browser.new_page(viewport={"width": 1400, "height": 1000})
        self.start()
        start = time.perf_counter()
        # Not `load`, which waits for the film.
        self.page.goto(path.as_uri(), wait_until="commit")
        self.page.wait_for_selector("tbody tr")
        self.page.evaluate(DRAWN)
        self.open_s = time.perf_counter() - start
        self.open_cpu_s, *self.open_task_ms = self.stop()

    def start(self) -> None:
        self.browser.start_tracing(
            page=self.page, categories=["toplevel", "disabled-by-default-toplevel"]
        )

    def stop(self) -> tuple[float, float, float]:
        """CPU seconds of the page's main thread; its longest task, ms of the clock and of CPU."""
        events = json.loads(self.browser.stop_tracing())["traceEvents"]
        main = {
            (event["pid"], event["tid"])
            for event in events
            if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
        }
        tasks = [
            (event["dur"] / 1e3, event["tdur"] / 1e3)
            for event in events
            if (event["pid"], event["tid"]) in main
            and event["name"].endswith("RunTask")
            and "tdur" in event
        ]
        wall_ms, cpu_ms = zip(*tasks, strict=True)
        return sum(cpu_ms) / 1e3, max(wall_ms), max(cpu_ms)

    def longest_task_ms(self, act) -> tuple[float, float]:
        """Longest task while something is done, ms of the clock and of CPU."""
        self.start()
        act(self.page)
        self.page.wait_for_timeout(300)
        return self.stop()[1:]


def use_index(page) -> None:
    for key in ("title", "music", "least"):
        page.locator(f"th[data-key={key}] button").click()
    page.locator("#words").type("number 17")


def use_timeline(page) -> None:
    page.keyboard.press("n")
    box = page.locator(".u-over").last.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 10)
    page.keyboard.down("Control")
    for step in range(60):
        page.mouse.wheel(0, -60 if step < 30 else 60)
        page.wait_for_timeout(16)
    page.keyboard.up("Control")
    for _ in range(6):
        page.keyboard.press("+")
    for _ in range(40):
        page.mouse.wheel(120, 0)
        page.wait_for_timeout(16)
    for key in "nynwnyu0":
        page.keyboard.press(key)
        page.wait_for_timeout(60)


def measure(browser, folder: Path, files: dict[str, str], films: int, pages: int) -> dict:
    page_s, page_bytes = write_pages(folder, files, min(films, pages))
    index_s, index_bytes = write_index(folder, files["cues"], films)
    report_s, report_bytes = write_report(folder / f"report_{films}", films)
    index = Watched(browser, folder / "desk" / "index.html")
    index_task_ms = index.longest_task_ms(use_index)
    index.page.close()
    film = Watched(browser, folder / "desk" / "films" / "film_00000.html")
    film_task_ms = film.longest_task_ms(use_timeline)
    film.page.close()
    report = Watched(browser, folder / f"report_{films}" / "report.html")
    report.page.close()
    tasks = {
        "open_index": index.open_task_ms,
        "open_film": film.open_task_ms,
        "open_report": report.open_task_ms,
        "use_index": index_task_ms,
        "use_film": film_task_ms,
    }
    return {
        "films": films,
        "index_mb": round(index_bytes / 1e6, 3),
        "film_kb": round(page_bytes / 1e3, 1),
        "all_mb": round((index_bytes + films * page_bytes) / 1e6, 1),
        "write_index_cpu_s": round(index_s, 2),
        "write_film_cpu_s": round(page_s, 3),
        "open_index_s": round(index.open_s, 2),
        "open_index_cpu_s": round(index.open_cpu_s, 2),
        "open_film_s": round(film.open_s, 2),
        "open_film_cpu_s": round(film.open_cpu_s, 2),
        "report_mb": round(report_bytes / 1e6, 2),
        "write_report_cpu_s": round(report_s, 1),
        "open_report_s": round(report.open_s, 2),
        **{f"{name}_task_ms": round(wall) for name, (wall, _) in tasks.items()},
        **{f"{name}_task_cpu_ms": round(cpu) for name, (_, cpu) in tasks.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("films", nargs="*", type=int, default=[18, 100, 1000])
    parser.add_argument("--pages", type=int, default=20, help="pages of films that are written")
    arguments = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("benchmarks/desk.py needs Chromium")
    from playwright.sync_api import sync_playwright

    forbid_realtime_priority()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        folder = Path(folder)
        files = write_tables(folder)
        write_video(folder / "film.mp4")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        results = []
        for films in arguments.films:
            results.append(measure(browser, folder, files, films, arguments.pages))
            print("  ".join(f"{name} {value}" for name, value in results[-1].items()), flush=True)
        browser.close()
    print(
        json.dumps(
            {
                f"{name}_{row['films']}": row[name]
                for row in results
                for name in row
                if name != "films"
            }
        )
    )


if __name__ == "__main__":
    main()
