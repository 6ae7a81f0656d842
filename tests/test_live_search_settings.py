"""The block `live_search` of the settings, and what it chooses."""

import numpy as np
import pandas as pd
import pytest

from scorelens import tables
from scorelens.command import desk
from scorelens.command.search_settings import read_search_settings
from scorelens.errors import ConfigError
from scorelens.live_search import catalogue as catalogues
from scorelens.live_search import opening
from scorelens.live_search.bridge import Bridge
from scorelens.live_search.settings import Settings
from scorelens.live_search.trained import film_words
from tests.search_tables import embed, passages, tag_layer, track_row


def settings_file(folder, text):
    path = folder / "my.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_settings_choose_the_network_of_words(tmp_path):
    assert read_search_settings(None) == read_search_settings(tmp_path / "none") == Settings()
    path = settings_file(tmp_path, "live_search: {text: mpnet}\ncues: of another block\n")
    assert read_search_settings(path).text == "mpnet"
    assert read_search_settings(settings_file(tmp_path, "")).text == "minilm"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("live_search: {text: bert}", "config: live_search.text: 'bert' is not one of"),
        ("live_search: {words: mpnet}", "unknown key 'words'"),
        ("live_search: [", "my.yaml: cannot be read"),
        ("- a", "my.yaml: cannot be read"),
    ],
)
def test_settings_with_faults_are_reported(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        read_search_settings(settings_file(tmp_path, text))


def test_desk_has_the_settings_of_its_folder(tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    settings_file(tmp_path, "live_search: {text: mpnet}\n")
    served = []
    monkeypatch.setattr(desk, "serve", lambda run, opens_browser, show: served.append(run))
    desk.serve_desk(tmp_path, False, None)
    assert served[0].search == Settings(text="mpnet")


@pytest.fixture
def indexed(tmp_path, monkeypatch):
    """Results with an index of one track; networks are only named when they are loaded."""
    folder = tmp_path / "results" / "search"
    folder.mkdir(parents=True)
    catalogues.save(
        catalogues.build([track_row("a")], [[0.0]], [passages("sad")]), folder / "a.npz"
    )
    monkeypatch.setattr(opening, "network_file", lambda results, network, fetch: network)
    monkeypatch.setattr(opening, "tag_layer", lambda weights: tag_layer())
    monkeypatch.setattr(opening, "load_bridge", lambda network, weights: (network, weights))
    return tmp_path


@pytest.mark.parametrize(("name", "title"), [("minilm", "MiniLM"), ("mpnet", "MPNet")])
def test_bridge_is_of_the_network_that_settings_choose(indexed, name, title):
    index = opening.open_index(indexed / "results", settings=Settings(text=name))
    assert index.bridge() == (name, name)
    assert index.models()["words"] == f"bridge (MusiCNN's tags, {title}'s words)"


def test_films_are_weighed_by_their_words_only_if_the_bridge_has_their_network(tmp_path):
    """Networks of the same size are told apart by the provenance of the table."""
    sad, happy = embed(["sad", "happy"])
    names = [f"embedding_{number:02}" for number in range(len(sad))]
    rows = [
        {"film_id": film, "segment": "tags", "paragraph": 0, "sha256": "0" * 64}
        for film in ("a", "b")
    ]
    frame = pd.DataFrame(rows).join(pd.DataFrame([sad, happy], columns=names, dtype="float32"))
    path = tmp_path / "texts.parquet"
    tables.write_table(frame, path, tables.RETRIEVAL_TEXTS, {"network": "mpnet"})
    bridge = Bridge(embed, "mpnet")
    weights = film_words(tmp_path, bridge)
    np.testing.assert_allclose(weights["a"], bridge.meaning("sad").weights, atol=1e-6)
    with pytest.raises(ValueError, match="of mpnet, those of the bridge of minilm"):
        film_words(tmp_path, Bridge(embed, "minilm"))
