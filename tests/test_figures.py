"""What people call films, tracks and genres stands in a figure as it is written."""

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
    """The drawn texts of an SVG, which must be well-formed."""
    return ["".join(e.itertext()) for e in ET.fromstring(svg).iter() if e.tag.endswith("}text")]


def labelled(words: str) -> plt.Figure:
    figure, axes = plt.subplots(figsize=(12, 2))
    axes.set_title(words)
    axes.set_yticks([0, 1], [words, "other"])
    axes.text(0.5, 0.5, words)
    return figure


@pytest.mark.parametrize("words", TITLES.values(), ids=list(TITLES))
def test_titles_are_drawn_as_written(words):
    assert texts(figures.as_svg(labelled(words))).count(words) == 3


def test_what_xml_has_no_letters_for_is_left_out():
    svg = figures.as_svg(labelled("a\x07b\x00\ufffec\x1b"))
    assert texts(svg).count("abc") == 3


@pytest.mark.parametrize("words", TITLES.values(), ids=list(TITLES))
def test_the_same_picture_has_the_same_bytes(words):
    assert figures.as_svg(labelled(words)) == figures.as_svg(labelled(words))


def test_a_picture_of_points_is_saved_too(tmp_path):
    figures.save(labelled(TITLES["Japanese"]), tmp_path / "a.png")
    assert plt.imread(tmp_path / "a.png").shape == (300, 1800, 4)


@pytest.mark.parametrize("count", [3, 12])
def test_there_is_room_for_letters_as_wide_as_high(count):
    """The label ends at x, and each of its letters is 10 pt wide, whatever the font."""
    words = "東" * count
    svg = figures.as_svg(labelled(words)).decode()
    (end,) = re.findall(rf'text-anchor: end"? x="([\d.]+)"[^>]*>{words}<', svg)
    assert float(end) >= 10 * count


def test_names_written_from_the_right_do_not_move_what_follows():
    hebrew = TITLES["Hebrew"]
    assert figures.isolated(hebrew) == f"\u2068{hebrew}\u2069"
    assert figures.isolated(TITLES["Arabic"]) == f"\u2068{TITLES['Arabic']}\u2069"
    assert figures.isolated(TITLES["Japanese"]) == TITLES["Japanese"]


def test_long_titles_are_wrapped():
    assert figures.wrapped("word " * 4, 10) == "word word\nword word"
    assert figures.wrapped("東" * 10, 10) == "東" * 5 + "\n" + "東" * 5


@pytest.mark.parametrize("title", TITLES.values(), ids=list(TITLES))
def test_the_title_of_a_film_on_its_time_line(tmp_path, title):
    row = ("f", "cue_0001", "theme", 1.0, 9.0, 0.0, (), (), 1.0, 50.0, 0.9)
    cues = pd.DataFrame([row], columns=tables.CUES.names)
    draw_timeline(cues, None, title, 60.0, NAMES, tmp_path / "a.svg")
    drawn = texts((tmp_path / "a.svg").read_text(encoding="utf-8"))
    assert any(words.startswith(f"{figures.isolated(title)}: 1 of 3") for words in drawn)


def test_a_long_title_leaves_the_words_beside_it_alone(tmp_path):
    row = ("f", "cue_0001", "theme", 1.0, 9.0, 0.0, (), (), 1.0, 50.0, 0.9)
    cues = pd.DataFrame([row], columns=tables.CUES.names)
    draw_timeline(cues, None, "Dr. Strange " * 20, 60.0, NAMES, tmp_path / "a.svg")
    drawn = texts((tmp_path / "a.svg").read_text(encoding="utf-8"))
    assert max(len(words) for words in drawn if "Strange" in words) <= 75
