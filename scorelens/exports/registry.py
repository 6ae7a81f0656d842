"""The formats in which cues are exported: an entry here and a module of `formats` for each.

Imported when the workflow is parsed: light imports only.
"""

from importlib import import_module
from types import ModuleType
from typing import NamedTuple


class Format(NamedTuple):
    """A format of the cues of a film.

    Parameters
    ----------
    ending : str
        What follows the id of the film in the name of the file.
    title : str
        What to call it on a page.
    module : str
        Its module in `scorelens.exports.formats`, which has `write_film(film, path)`.
    """

    ending: str
    title: str
    module: str

    def load(self) -> ModuleType:
        """Import the module."""
        return import_module(f"scorelens.exports.formats.{self.module}")


# The names are those of the outputs of the rule `export_film` and in `exports: {formats: [...]}`.
FORMATS = {
    "cue_sheet": Format("cue_sheet.xlsx", "Cue sheet (Excel)", "cue_sheet"),
    "cue_sheet_csv": Format("cue_sheet.csv", "Cue sheet (CSV)", "cue_sheet_csv"),
    "as_used": Format("as_used.csv", "Tracks as used (CSV)", "as_used"),
    "otio": Format("otio", "OpenTimelineIO", "otio"),
    "edl": Format("edl", "EDL (CMX 3600)", "edl"),
    "fcpxml": Format("fcpxml", "Final Cut Pro XML", "fcpxml"),
    "resolve": Format("resolve.edl", "Markers for DaVinci Resolve", "resolve"),
    "premiere": Format("premiere.csv", "Markers for Premiere Pro", "premiere"),
    "elan": Format("eaf", "ELAN", "elan"),
    "audacity": Format("txt", "Labels for Audacity", "audacity"),
    "webvtt": Format("vtt", "Subtitles (WebVTT)", "webvtt"),
    "jams": Format("jams", "JAMS", "jams"),
    "csv": Format("csv", "All columns (CSV)", "csv"),
}
