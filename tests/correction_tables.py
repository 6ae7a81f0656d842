"""Files and tables of corrections of cues."""

from pathlib import Path

import pandas as pd

from scorelens.cues.corrections import COLUMNS
from scorelens.cues.corrections.correct import correction_table


def cells(verdict: str, of=("", "", ""), film: str = "a", **more) -> tuple[str, ...]:
    """The cells of a row about a cue (start, end, track); `more` by the names of the columns."""
    start, end, track = of
    row = dict.fromkeys(COLUMNS, "") | {"film_id": film, "verdict": verdict, "track_id": track}
    row |= {"film_start_s": start, "film_end_s": end, **more}
    return tuple(f"{x:.3f}" if isinstance(x, int | float) else x for x in row.values())


def new(start="", end="", track="", at="") -> dict[str, object]:
    """The new values of a row, for `cells`."""
    names = ("new_film_start_s", "new_film_end_s", "new_track_id", "new_track_start_s")
    return dict(zip(names, (start, end, track, at), strict=True))


def corrections(*rows: tuple[str, ...]) -> pd.DataFrame:
    """Rows of CORRECTIONS."""
    return correction_table(rows)


def write_file(path: Path, *rows: tuple[str, ...]) -> Path:
    """Write the file of a user."""
    path.write_text("".join("\t".join(row) + "\n" for row in (COLUMNS, *rows)), encoding="utf-8")
    return path
