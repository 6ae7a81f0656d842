"""Write the report of a run: one HTML page of about the same size for any number of films.

It holds its figures; only its links lead to other files: the desk, the pages of libraries and
searches, and the whole tables of which it shows some rows.
"""

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from scorelens.html_page import render_page
from scorelens.report import provenance
from scorelens.report.registry import SECTIONS
from scorelens.sections import Run

DESK = "desk/index.html"

log = logging.getLogger(__name__)


def write_report(
    page: str | os.PathLike,
    record: str | os.PathLike,
    files: Iterable[str | os.PathLike],
    config: Mapping,
    published: Sequence[str | os.PathLike] = (),
    outputs: Sequence[str] = (),
) -> None:
    """Write the report of one run.

    Parameters
    ----------
    page : path
        HTML file to write, in the folder of the results.
    record : path
        YAML file to write: the provenance, the configuration and the outputs.
    files : iterable of path
        Results that the report is made of. A section is left out if its files are not among them.
        The page is dated by the newest one, so that equal inputs give equal bytes.
    config : mapping
        The whole configuration.
    published : sequence of path
        Files of a corpus of published features; empty if the films are at hand.
    outputs : sequence of str
        Patterns of the tables and figures of the run, which the bundle packs.
    """
    run = Run(Path(page).parent, files, config, published)
    collected = provenance.collect(run)
    provenance.write_record(collected | {"config": config, "outputs": [*outputs]}, record)
    sections = [section for make in SECTIONS if (section := make(run))]
    sections.append(provenance.provenance_section(run, collected))
    render_page(
        Path(__file__).parent,
        None,
        page,
        sections=sections,
        films=len(run.films),
        published=bool(published),
        desk=DESK if DESK in run else "",
    )
    log.info("%s: %d films, %.1f MB", page, len(run.films), os.stat(page).st_size / 1e6)
