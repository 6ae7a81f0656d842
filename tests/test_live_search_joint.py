"""A joint network of local files: a tiny one, whose numbers are known, exported as a user would."""

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch
from tokenizers import Tokenizer, models, pre_tokenizers

from scorelens.command.search_settings import read_search_settings
from scorelens.errors import ConfigError
from scorelens.live_search import Query
from scorelens.live_search import catalogue as catalogues
from scorelens.live_search.joint import JointNetwork, load_joint
from scorelens.live_search.settings import Joint
from tests.search_tables import index_of, passages, track_row

RATE_HZ, WINDOW_S, TOKENS = 8000, 0.5, 6
TONES_HZ = {"dull": 101, "middle": 1013, "bright": 3011}  # no divisors of the rate


class Music(torch.nn.Module):
    """Mean of |x|, and of the steps of x: of a sine 2 A / pi and 2 sin(pi f / rate) times that."""

    def forward(self, samples):
        return torch.stack([samples.abs().mean(1), samples.diff(dim=1).abs().mean(1)], dim=1)


class Words(torch.nn.Module):
    """The mean of the words: `dull` is the first axis, `bright` the second."""

    def forward(self, tokens, mask):
        table = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        return (table[tokens] * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


@pytest.fixture(scope="module")
def joint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("joint")
    music = torch.export.export(Music(), (torch.zeros(1, round(RATE_HZ * WINDOW_S)),))
    tokens, mask = torch.zeros(2, 1, TOKENS, dtype=torch.int64)
    words = torch.export.export(Words(), (tokens, mask))
    torch.export.save(music, folder / "audio.pt2")
    torch.export.save(words, folder / "text.pt2")
    known = {"[UNK]": 0, "dull": 1, "bright": 2}
    tokenizer = Tokenizer(models.WordLevel(known, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    paths = (str(folder / name) for name in ("audio.pt2", "text.pt2", "tokenizer.json"))
    return Joint(*paths, RATE_HZ, WINDOW_S, TOKENS)


@pytest.fixture
def music(tmp_path):
    """Catalogue of three files of tones, with two passages each, and of one that is gone."""
    rows = []
    for name, hz in TONES_HZ.items():
        time_s = np.arange(2 * RATE_HZ) / RATE_HZ
        soundfile.write(tmp_path / f"{name}.wav", 0.5 * np.sin(2 * np.pi * hz * time_s), RATE_HZ)
        rows.append(track_row(name, path=str(tmp_path / f"{name}.wav")))
    rows.append(track_row("gone", path=str(tmp_path / "gone.wav")))
    values = [passages("sad", count=2) for _ in rows]
    return rows, values, catalogues.build(rows, [np.array([0.0, 1.2])] * 4, values)


def expected(hz):
    vector = np.array([1, 2 * np.sin(np.pi * hz / RATE_HZ)])
    return vector / np.linalg.norm(vector)


def test_tracks_have_the_embeddings_of_their_tones(joint, music, tmp_path):
    loaded = load_joint(joint, tmp_path, music[2], build=True)
    for vector, hz in zip(loaded.tracks, TONES_HZ.values(), strict=False):
        np.testing.assert_allclose(vector, expected(hz), atol=2e-3)
    assert loaded.tracks[3].tolist() == [0, 0]
    assert loaded.name == "audio"


def test_words_are_those_of_the_text_half_padded_and_cut_off(joint):
    network = JointNetwork(joint)
    np.testing.assert_allclose(network.embed_words("dull"), [1, 0])
    np.testing.assert_allclose(network.embed_words("bright dull bright"), np.array([1, 2]) / 5**0.5)
    np.testing.assert_allclose(network.embed_words("dull " * TOKENS + "bright " * 9), [1, 0])
    assert network.embed_words("quokka").tolist() == [0, 0]


def test_search_ranks_by_the_network_and_says_so(joint, music, tmp_path):
    rows, values, catalogue = music
    index = index_of(rows, values)
    index.joint = load_joint(joint, tmp_path, catalogue, build=True)
    hits = index.search(Query(words="bright"))
    assert [hit.title for hit in hits][:3] == ["bright", "middle", "dull"]
    assert hits[0].why == "joint: network audio"
    assert index.page_data()["models"]["words"] == "joint network audio"
    assert index.search(Query(tags=("sad",)))[0].why.startswith("bridge")


def test_tracks_are_embedded_once_and_only_when_asked(joint, music, tmp_path, monkeypatch):
    catalogue = music[2]
    with pytest.raises(ConfigError, match="4 tracks are not embedded by it"):
        load_joint(joint, tmp_path, catalogue, build=False)
    first = load_joint(joint, tmp_path, catalogue, build=True).tracks
    monkeypatch.setattr(JointNetwork, "embed_window", lambda *_: pytest.fail("embedded again"))
    np.testing.assert_array_equal(load_joint(joint, tmp_path, catalogue, False).tracks, first)
    catalogue.tracks.loc[1, "digest"] = "changed"
    with pytest.raises(ConfigError, match="1 tracks are not embedded by it"):
        load_joint(joint, tmp_path, catalogue, build=False)


def test_network_that_cannot_be_used_is_reported(joint, music, tmp_path):
    (tmp_path / "bad").write_text("[")
    bad = str(tmp_path / "bad")
    for changes, message in [
        ({"audio": bad}, "bad: cannot be used .it is no archive"),
        ({"text": str(tmp_path / "no")}, "no: does not exist"),
        ({"tokenizer": bad}, "a tokenizer"),
    ]:
        with pytest.raises(ConfigError, match=message):
            JointNetwork(replace(joint, **changes))
    other = replace(joint, sample_rate_hz=16_000)
    with pytest.raises(ConfigError, match=r"it does not take \(1, 8000\)"):
        load_joint(other, tmp_path, music[2], build=True)


def test_settings_name_the_files_as_seen_from_the_run(tmp_path):
    path = tmp_path / "my.yaml"
    block = {"audio": "a.pt2", "text": "/b.pt2", "tokenizer": "t.json", "window_s": 5}
    path.write_text(json.dumps({"live_search": {"joint": block}}))
    chosen = read_search_settings(path, tmp_path / "run").joint
    folder = str(tmp_path / "run")
    expected = Joint(f"{folder}/a.pt2", "/b.pt2", f"{folder}/t.json", 48_000, 5, 77)
    assert chosen == expected
    path.write_text(json.dumps({"live_search": {"joint": {"audio": "a.pt2"}}}))
    with pytest.raises(ConfigError, match="lacks text and tokenizer"):
        read_search_settings(path, tmp_path)
