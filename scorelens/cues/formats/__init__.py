"""Formats in which cues are exported: a module and an entry in FORMATS for each.

A module has `ENDING`, of its files, and `as_text(labels)`, which returns the text of one. Imported
when the workflow is parsed: light imports only.
"""

from scorelens.cues.formats import audacity, webvtt

# The names are those of the outputs of the rule `export_cues`.
FORMATS = {
    "webvtt": webvtt,
    "audacity": audacity,
}
