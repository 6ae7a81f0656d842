"""Cue sheet as an Excel workbook: the cues of a film, and its tracks as used."""

import re
import zipfile
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

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
    workbook = Workbook()
    _fill(workbook.active, "Cue sheet", film.cue_table, CUE_COLUMNS, above)
    _fill(workbook.create_sheet(), "As used", tracks_used(film), USED_COLUMNS, above)
    _save(workbook, path)


def write_films(films: Sequence[Film], path: Path) -> None:
    """Write the cue sheets of several films to one workbook.

    Parameters
    ----------
    films : sequence of Film
    path : Path
        The file.
    """
    workbook = Workbook()
    cues = _joined(film.cue_table for film in films)
    used = _joined(tracks_used(film) for film in films)
    _fill(workbook.active, "Cue sheets", cues, FILM_COLUMN | CUE_COLUMNS)
    _fill(workbook.create_sheet(), "As used", used, FILM_COLUMN | USED_COLUMNS)
    _save(workbook, path)


def _joined(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([pd.DataFrame(), *frames])


def _fill(
    sheet: Worksheet,
    title: str,
    rows: pd.DataFrame,
    columns: dict[str, str],
    above: Sequence[tuple[str, str]] = (),
) -> None:
    """Fill a sheet: lines above, an empty one, the header of the columns, and the rows."""
    sheet.title = title
    for line in [*above, ()] if above else []:
        sheet.append([_cell(value) for value in line])
    sheet.append(list(columns.values()))
    head = sheet.max_row
    values = rows.reindex(columns=list(columns)).astype(object)
    for row in values.where(values.notna(), None).itertuples(index=False):
        sheet.append([_cell(value) for value in row])
    _type_texts(sheet)
    _style(sheet, head, columns)


def _cell(value: object) -> object:
    return ILLEGAL.sub("", value) if isinstance(value, str) else value


def _type_texts(sheet: Worksheet) -> None:
    """A title such as `=1+1` is a text, not a formula."""
    for row in sheet.iter_rows():
        for cell in row:
            if cell.data_type == "f":
                cell.data_type = "s"


def _style(sheet: Worksheet, head: int, columns: dict[str, str]) -> None:
    for cell in sheet[head]:
        cell.font, cell.fill = BOLD, HEAD_FILL
    for row in range(1, head):
        sheet.cell(row, 1).font = BOLD
    for number, name in enumerate(columns, 1):
        first = 1 if number == 1 else head  # what stands above is in two columns
        column = [row[0] for row in sheet.iter_rows(min_row=first, min_col=number, max_col=number)]
        widest = max(len(str(cell.value or "")) for cell in column) + 2
        sheet.column_dimensions[get_column_letter(number)].width = min(
            MAX_WIDTH, max(MIN_WIDTH, widest)
        )
        for cell in column:
            cell.alignment = WRAPPED
            cell.number_format = "0.00" if name == "confidence" else "General"
    sheet.freeze_panes = sheet.cell(head + 1, 1)
    sheet.print_title_rows = f"{head}:{head}"
    sheet.auto_filter.ref = f"A{head}:{get_column_letter(len(columns))}{sheet.max_row}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


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
