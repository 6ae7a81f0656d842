"""Cue sheet as an Excel workbook: the cues of a film, and its tracks as used."""

import re
import zipfile
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.properties import PageSetupProperties

from scorelens.exports.film import Film, tracks_used

FILM_COLUMN = {"film_title": "Film"}
_CREDITS = {
    "title": "Title",
    "composer": "Composer",
    "artist": "Artist",
    "publisher": "Publisher",
    "album": "Album",
    "isrc": "ISRC",
}
CUE_COLUMNS = {
    "cue_id": "Cue",
    **_CREDITS,
    "timecode_in": "In",
    "timecode_out": "Out",
    "timecode_duration": "Duration",
    "use": "Use",
    "vocal": "Vocal",
    "diegetic": "Diegetic",
    "confidence": "Confidence",
    "verdict": "Checked",
}
USED_COLUMNS = {
    **_CREDITS,
    "uses": "Uses",
    "timecode_first": "First use",
    "timecode_total": "Total duration",
}
MIN_WIDTH, MAX_WIDTH = 8, 40  # of a column, characters
WRAPPED = Alignment(horizontal="left", vertical="top", wrap_text=True)
BOLD = Font(name="Calibri", bold=True)
HEAD_FILL = PatternFill("solid", fgColor="DDE3EA")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time in a zip archive
MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")  # in XML; titles of films may hold them


def write_film(film: Film, path: Path) -> None:
    """Write the cue sheet of a film.

    Parameters
    ----------
    film : Film
    path : Path
        The file.
    """
    above = [
        ("Film", film.title),
        ("Running time", film.timecode(film.frames)),
        ("Frames a second", f"{float(film.frame_rate):.5g}"),
    ]
    workbook = Workbook(write_only=True)
    _add_sheet(workbook, "Cue sheet", film.cue_table, CUE_COLUMNS, above)
    _add_sheet(workbook, "As used", tracks_used(film), USED_COLUMNS, above)
    _save(workbook, path)


def write_films(films: Sequence[Film], path: Path) -> None:
    """Write the cue sheets of several films to one workbook.

    Parameters
    ----------
    films : sequence of Film
    path : Path
        The file.
    """
    workbook = Workbook(write_only=True)
    cues = _joined(film.cue_table for film in films)
    used = _joined(tracks_used(film) for film in films)
    _add_sheet(workbook, "Cue sheets", cues, FILM_COLUMN | CUE_COLUMNS)
    _add_sheet(workbook, "As used", used, FILM_COLUMN | USED_COLUMNS)
    _save(workbook, path)


def _joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([pd.DataFrame(), *frames])


def _add_sheet(
    workbook: Workbook,
    title: str,
    rows: pd.DataFrame,
    columns: dict[str, str],
    above: Sequence[tuple[str, str]] = (),
) -> None:
    """Add a sheet: lines above, an empty one, the header of the columns, and the rows."""
    sheet = workbook.create_sheet(title)
    head = len(above) + 2 if above else 1
    rows = rows.reindex(columns=list(columns)).astype(object)
    _lay_out(sheet, rows.rename(columns=columns), head, [label for label, _ in above])
    for label, value in above:
        sheet.append([_cell(sheet, label, BOLD), _cell(sheet, value)])
    if above:
        sheet.append([])
    sheet.append([_cell(sheet, name, BOLD, HEAD_FILL) for name in columns.values()])
    for row in rows.where(rows.notna(), None).itertuples(index=False):
        sheet.append([_cell(sheet, value) for value in row])


def _lay_out(
    sheet: WriteOnlyWorksheet, rows: pd.DataFrame, head: int, labels: Sequence[str]
) -> None:
    """Widths of the columns, and what is repeated, fixed and printed. Comes before the rows."""
    for number, name in enumerate(rows, 1):
        texts = [name, *rows[name].dropna().astype(str), *(labels if number == 1 else [])]
        width = max(map(len, texts)) + 2
        sheet.column_dimensions[get_column_letter(number)].width = min(
            MAX_WIDTH, max(MIN_WIDTH, width)
        )
    sheet.freeze_panes = f"A{head + 1}"
    sheet.print_title_rows = f"{head}:{head}"
    sheet.auto_filter.ref = f"A{head}:{get_column_letter(len(rows.columns))}{head + len(rows)}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _cell(
    sheet: WriteOnlyWorksheet,
    value: str | float | None,
    font: Font | None = None,
    fill: PatternFill | None = None,
) -> WriteOnlyCell:
    """A cell. A title such as `=1+1` is a text, not a formula."""
    cell = WriteOnlyCell(sheet, ILLEGAL.sub("", value) if isinstance(value, str) else value)
    if cell.data_type == "f":
        cell.data_type = "s"
    if isinstance(value, float):
        cell.number_format = "0.00"
    cell.alignment = WRAPPED
    if font:
        cell.font = font
    if fill:
        cell.fill = fill
    return cell


def _save(workbook: Workbook, path: Path) -> None:
    """Save a workbook without the time of day, so that the same cues give the same file."""
    buffer = BytesIO()
    workbook.save(buffer)
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = MODIFIED.sub(rb"\g<1>1980-01-01T00:00:00Z", content)
            entry = zipfile.ZipInfo(name, EPOCH)
            target.writestr(entry, content, zipfile.ZIP_DEFLATED)
