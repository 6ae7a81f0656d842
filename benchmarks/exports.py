"""Measure what the exports of films of 200 cues cost: CPU seconds of one core, bytes, memory.

    python benchmarks/exports.py [--films 200]

A film of 2.8 h is written in every format (`tests/export_films.py`), then the cue sheets of a
corpus of such films.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scorelens import tables
from scorelens.exports.export import export_cue_sheets
from scorelens.exports.registry import FORMATS
from tests.export_films import exported, make_film

CUES = 200
SPANS = tuple((f"t{k % 4}", 50.0 * k, 50.0 * k + 40.0, 1.0) for k in range(CUES))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=200)
    films = parser.parse_args().films
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = make_film(folder, spans=SPANS, rate_hz=23.976)
        rows = [(form, *write(film, form, folder)) for form in FORMATS]
        tables.write_table(film.cue_table, folder / "film.tsv", tables.CUE_SHEET)
        outputs = {key: folder / key for key in ("workbook", "cues", "as_used")}
        start = time.process_time()
        export_cue_sheets([folder / "film.tsv"] * films, outputs)
        corpus_s = time.process_time() - start
    for form, seconds, size in rows:
        print(f"{form:14} {seconds:6.3f} s {size / 1000:8.1f} kB")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"cue sheets of {films} films: {corpus_s:.1f} s, {peak_mb:.0f} MB")
    figures = {
        "film_s": round(sum(seconds for _, seconds, _ in rows), 3),
        "film_kb": round(sum(size for *_, size in rows) / 1000),
        "corpus_s": round(corpus_s, 1),
        "corpus_mb": round(peak_mb),
    }
    print(json.dumps(figures))


def write(film, form: str, folder: Path) -> tuple[float, int]:
    """CPU seconds and bytes of a film in a format, its module being imported."""
    FORMATS[form].load()
    start = time.process_time()
    path = exported(film, form, folder)
    return time.process_time() - start, path.stat().st_size


if __name__ == "__main__":
    main()
