"""Text in figures: special characters, fonts, text direction, wrapping and file formats."""

import re
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from scorelens import figures, tables
from scorelens.cues.plot import draw_timeline

TITLES = {
    "money": "Ba$$ Money, $9.99 \\frac{1}{2}$ & Ca$h^2_3",
    "markup": '<b>"It\'s"</b> &amp; <script>alert(1)</script> ]]>',
    "Hebrew": "לילה ברכבת",
    "Arabic": "قطار الليل",
    "Japanese": "ゴジラ対メカゴジラ",
    "emoji": "The 🎬 Emoji 👩‍🚀 Film",
    "braces": "{film} %s {0}",
    "combining": "E\u0301lan",
    "_underscore": "_hidden",
}

NAMES = {"theme": "Theme", "chase": "Chase", "end": "End"}


def texts(svg: bytes | str) -> list[str]:
    """The texts drawn in an SVG, which must be well-formed XML."""
    return ["".join(e.itertext()) for e in ET.fromstring(svg).iter() if e.tag.endswith("}text")]


def make_figure(text: str) -> plt.Figure:
    figure, axes = plt.subplots(figsize=(12, 2))
    axes.set_title(text)
    axes.set_yticks([0, 1], [text, "other"])
    axes.text(0.5, 0.5, text)
    return figure


@pytest.mark.parametrize("text", TITLES.values(), ids=list(TITLES))
def test_special_characters_are_drawn_unchanged(text):
    assert texts(figures.as_svg(make_figure(text))).count(text) == 3


def test_characters_invalid_in_xml_are_removed():
    svg = figures.as_svg(make_figure("a\x07b\x00\ufffec\x1b"))
    assert texts(svg).count("abc") == 3


@pytest.mark.parametrize("text", TITLES.values(), ids=list(TITLES))
def test_svg_output_is_deterministic(text):
    assert figures.as_svg(make_figure(text)) == figures.as_svg(make_figure(text))


def test_save_writes_png(tmp_path):
    figures.save(make_figure(TITLES["Japanese"]), tmp_path / "a.png")
    assert plt.imread(tmp_path / "a.png").shape == (300, 1800, 4)


@pytest.mark.parametrize("count", [3, 12])
def test_full_width_tick_labels_fit_left_of_the_axes(count):
    """The label ends at x; each of its characters is 10 pt wide in any font."""
    text = "東" * count
    svg = figures.as_svg(make_figure(text)).decode()
    (end,) = re.findall(rf'text-anchor: end"? x="([\d.]+)"[^>]*>{text}<', svg)
    assert float(end) >= 10 * count


def test_only_right_to_left_names_get_isolate_characters():
    hebrew = TITLES["Hebrew"]
    assert figures.isolated(hebrew) == f"\u2068{hebrew}\u2069"
    assert figures.isolated(TITLES["Arabic"]) == f"\u2068{TITLES['Arabic']}\u2069"
    assert figures.isolated(TITLES["Japanese"]) == TITLES["Japanese"]


def test_long_titles_are_wrapped_by_display_width():
    assert figures.wrapped("word " * 4, 10) == "word word\nword word"
    assert figures.wrapped("東" * 10, 10) == "東" * 5 + "\n" + "東" * 5


@pytest.mark.parametrize("title", TITLES.values(), ids=list(TITLES))
def test_cue_timeline_shows_film_title(tmp_path, title):
    row = ("f", "cue_0001", "theme", 1.0, 9.0, 0.0, (), (), 1.0, 1.0, 0.0, 50.0, 0.9, "")
    cues = pd.DataFrame([row], columns=tables.CUES.names)
    draw_timeline(cues, None, title, 60.0, NAMES, tmp_path / "a.svg")
    drawn = texts((tmp_path / "a.svg").read_text(encoding="utf-8"))
    assert any(text.startswith(f"{figures.isolated(title)}: 1 of 3") for text in drawn)


def test_cue_timeline_title_lines_are_at_most_75_characters(tmp_path):
    row = ("f", "cue_0001", "theme", 1.0, 9.0, 0.0, (), (), 1.0, 1.0, 0.0, 50.0, 0.9, "")
    cues = pd.DataFrame([row], columns=tables.CUES.names)
    draw_timeline(cues, None, "Dr. Strange " * 20, 60.0, NAMES, tmp_path / "a.svg")
    drawn = texts((tmp_path / "a.svg").read_text(encoding="utf-8"))
    assert max(len(text) for text in drawn if "Strange" in text) <= 75
