"""Embeddings of film pictures and texts: tables, and reuse of unchanged embeddings."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scorelens import media, tables
from scorelens.encoders import image_encoder, text_encoder
from scorelens.encoders.embedding_cache import column_names, update_embeddings
from scorelens.encoders.text_encoder import Text
from scorelens.errors import InputError
from scorelens.retrieval.embed import embed_images, embed_texts
from scorelens.retrieval.embed.embed_texts import FilmTexts
from scorelens.tables import RETRIEVAL_IMAGES, RETRIEVAL_TEXTS

SIZE = 12


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "net.safetensors"
    path.write_bytes(b"variables")
    return path


@pytest.fixture
def encoded_greys(monkeypatch):
    """Stub encoder that returns the mean grey of a picture; the list has the encoded greys."""
    greys = []

    def encode(pictures):
        greys.extend(pictures.mean((1, 2, 3)).round().astype(int).tolist())
        return np.repeat(pictures.mean((1, 2, 3), keepdims=True), SIZE).reshape(-1, SIZE)

    def load(name, path, threads):
        assert (name, path.name) == ("net", "net.safetensors")
        return SimpleNamespace(encode=encode)

    monkeypatch.setattr(image_encoder, "load", load)
    return greys


@pytest.fixture
def encoded_texts(monkeypatch):
    """Stub encoder that returns the length of a text, NaN for `...`; lists encoded texts."""
    texts = []

    def encode_tokens(rows):
        (text,) = rows
        texts.append(text)
        length = np.nan if text.plot == "..." else len("".join(text))
        return np.full((1, SIZE), length, np.float32)

    def load(name, path, threads):
        assert (name, path.name) == ("net", "net.safetensors")
        return SimpleNamespace(tokenize=list, encode_tokens=encode_tokens)

    monkeypatch.setattr(text_encoder, "load", load)
    return texts


def picture(path, grey):
    Image.new("RGB", (30, 20), (grey,) * 3).save(path)
    return path


@pytest.fixture
def embed_greys(tmp_path, weights):
    """Embed pictures of given greys, by film, into one table; returns the table."""

    def run(code="c0de", **greys):
        pictures = {film: picture(tmp_path / f"{film}.png", grey) for film, grey in greys.items()}
        output = tmp_path / "images.parquet"
        embed_images.embed_images(pictures, "net", weights, code, output)
        return tables.read_table(output, RETRIEVAL_IMAGES)

    return run


def test_image_table_has_hashes_embeddings_and_provenance(
    tmp_path, weights, embed_greys, encoded_greys
):
    frame = embed_greys(b=20, a=90)
    assert frame.columns.tolist() == ["film_id", "sha256", *column_names("image", SIZE)]
    assert column_names("image", SIZE)[-1] == "image_0012"
    assert frame.film_id.tolist() == ["b", "a"]
    assert frame.sha256.tolist() == [media.sha256(tmp_path / f"{film}.png") for film in "ba"]
    assert frame.image_0012.tolist() == [20, 90]
    provenance = tables.read_provenance(tmp_path / "images.parquet")
    assert provenance["network"] == "net"
    assert provenance["weights_sha256"] == media.sha256(weights)
    assert provenance["code"] == "c0de"


def test_only_new_or_changed_pictures_are_embedded(
    tmp_path, weights, embed_greys, encoded_greys, caplog
):
    caplog.set_level("INFO", "scorelens.encoders.embedding_cache")
    embed_greys(a=20, b=90)
    assert encoded_greys == [20, 90]
    assert embed_greys(a=20, b=90, c=50).image_0001.tolist() == [20, 90, 50]  # one film added
    assert encoded_greys == [20, 90, 50]
    assert embed_greys(a=20, b=70, c=50).image_0001.tolist() == [20, 70, 50]  # one picture changed
    assert encoded_greys == [20, 90, 50, 70]
    assert caplog.messages[-1] == "3 embeddings: 1 computed, 2 kept"
    before = (tmp_path / "images.parquet").read_bytes()
    embed_greys(a=20, b=70, c=50)
    assert (tmp_path / "images.parquet").read_bytes() == before
    assert embed_greys(c=50).film_id.tolist() == ["c"]  # two films removed
    assert len(encoded_greys) == 4
    embed_greys(code="other", c=50)
    weights.write_bytes(b"other variables")
    embed_greys(code="other", c=50)
    assert encoded_greys[4:] == [50, 50]


def test_network_is_not_loaded_without_new_pictures(embed_greys, encoded_greys, monkeypatch):
    embed_greys(a=20)

    def broken(*arguments):
        raise AssertionError("loaded")

    monkeypatch.setattr(image_encoder, "load", broken)
    embed_greys(a=20, b=20)  # two films with the same picture
    with pytest.raises(AssertionError, match="loaded"):
        embed_greys(a=20, b=30)


class Row(dict):
    """A row that raises if compared: comparing all rows takes quadratic time."""

    __hash__ = None

    def __eq__(self, other):
        raise AssertionError("compared")


def test_rows_are_not_compared_with_each_other(tmp_path, caplog):
    rows = [Row(film_id=film, sha256=film) for film in "abc"]
    vectors = {"a": [1, 2], "b": [np.nan, 2], "c": [3, 4]}
    update_embeddings(
        rows, lambda stale: [np.array(vectors[row]) for row in stale],
        "image", tmp_path / "x.parquet", RETRIEVAL_IMAGES, {},
    )  # fmt: skip
    table = tables.read_table(tmp_path / "x.parquet", RETRIEVAL_IMAGES)
    assert table.film_id.tolist() == ["a", "c"]
    assert [message.split("out: ")[1] for message in caplog.messages] == [
        "{'film_id': 'b', 'sha256': 'b'}"
    ]


def test_no_pictures_give_an_empty_table(tmp_path, embed_greys, encoded_greys):
    frame = embed_greys()
    assert frame.columns.tolist() == ["film_id", "sha256"]
    assert len(frame) == 0
    assert embed_greys(a=3).image_0001.tolist() == [3]


def test_every_unreadable_picture_is_reported(tmp_path, weights, encoded_greys):
    good = picture(tmp_path / "good.png", 9)
    (tmp_path / "page.png").write_text("<html>please log in</html>")
    (tmp_path / "half.png").write_bytes(good.read_bytes()[:60])
    pictures = {"a": tmp_path / "page.png", "b": good, "c": tmp_path / "half.png"}
    output = tmp_path / "images.parquet"
    with pytest.raises(InputError) as error:
        embed_images.embed_images(pictures, "net", weights, "c0de", output)
    paths = [problem.where for problem in error.value.problems]
    assert paths == [str(tmp_path / "page.png"), str(tmp_path / "half.png")]
    assert encoded_greys == []
    assert not output.exists()
    absent = {"a": tmp_path / "no.png", "b": tmp_path, "c": good}
    with pytest.raises(InputError) as error:
        embed_images.embed_images(absent, "net", weights, "c0de", output)
    faults = [problem.what for problem in error.value.problems]
    assert faults == ["does not exist", "is a folder"]


PLOT = "A man goes home.\n\nHis wife waits.\nIt rains.\n"
PARTS = ["A man goes home.", "His wife waits. It rains."]


@pytest.fixture
def embed_film_texts(tmp_path, weights):
    """Embed films, each with its tags and its plot, into one table; returns the table."""

    def run(films, code="c0de", segments=("plot", "tags", "tags_plot")):
        described = []
        for film_id, (tags, plot) in films.items():
            path = tmp_path / f"{film_id}.txt"
            path.write_text(plot, encoding="utf-8")
            described.append(FilmTexts(film_id, tags, path if plot else None))
        output = tmp_path / "texts.parquet"
        embed_texts.embed_texts(described, segments, "net", weights, code, output)
        return tables.read_table(output, RETRIEVAL_TEXTS)

    return run


def test_text_table_has_segments_hashes_and_provenance(
    tmp_path, weights, embed_film_texts, encoded_texts
):
    frame = embed_film_texts({"a": (["war", "love"], PLOT), "b": ([], PLOT), "c": (["war"], "")})
    expected = pd.DataFrame(
        [
            ("a", "tags", 0, Text("war, love")),
            *(("a", "plot", k, Text(plot=part)) for k, part in enumerate(PARTS)),
            *(("a", "tags_plot", k, Text("war, love", part)) for k, part in enumerate(PARTS)),
            *(("b", "plot", k, Text(plot=part)) for k, part in enumerate(PARTS)),
            ("c", "tags", 0, Text("war")),
        ],
        columns=["film_id", "segment", "paragraph", "text"],
    )
    keys = ["film_id", "segment", "paragraph"]
    assert frame.columns.tolist() == [*keys, "sha256", *column_names("text", SIZE)]
    assert frame[keys].to_numpy().tolist() == expected[keys].to_numpy().tolist()
    assert frame.text_0001.tolist() == [len("".join(text)) for text in expected.text]
    assert frame.sha256.tolist() == [embed_texts.digest(text) for text in expected.text]
    assert len(encoded_texts) == len(set(encoded_texts)) == 6  # a and b have the same plot
    provenance = tables.read_provenance(tmp_path / "texts.parquet")
    assert (provenance["network"], provenance["code"]) == ("net", "c0de")
    assert provenance["weights_sha256"] == media.sha256(weights)


def test_only_requested_segments_are_embedded(embed_film_texts, encoded_texts):
    frame = embed_film_texts({"a": (["war"], PLOT), "b": (["sea"], "")}, segments=["tags"])
    assert frame[["film_id", "segment"]].to_numpy().tolist() == [["a", "tags"], ["b", "tags"]]
    assert encoded_texts == [Text("war"), Text("sea")]
    frame = embed_film_texts({"a": (["war"], PLOT)}, segments=["plot", "tags_plot"])
    assert frame.segment.tolist() == ["plot"] * 2 + ["tags_plot"] * 2


def test_only_new_or_changed_texts_are_embedded(weights, embed_film_texts, encoded_texts):
    embed_film_texts({"a": (["war"], PLOT)})
    assert len(encoded_texts) == 5
    embed_film_texts({"a": (["war"], PLOT)})
    embed_film_texts({"a": (["war"], PARTS[1])})  # one paragraph removed
    assert len(encoded_texts) == 5
    embed_film_texts({"a": (["war"], PLOT), "b": (["war"], "")})  # one film added, with tags of a
    assert len(encoded_texts) == 7  # the removed paragraph, with and without tags
    embed_film_texts({"a": (["war"], PLOT.replace("man", "dog")), "b": (["sea"], "")})
    assert encoded_texts[7:] == [
        Text(plot="A dog goes home."), Text("war", "A dog goes home."), Text("sea"),
    ]  # fmt: skip
    embed_film_texts({"b": (["sea"], "")}, code="other")
    weights.write_bytes(b"other variables")
    embed_film_texts({"b": (["sea"], "")}, code="other")
    assert encoded_texts[10:] == [Text("sea")] * 2


def test_different_texts_have_different_digests():
    texts = [Text("a", "b"), Text("ab"), Text(plot="ab"), Text("a, b"), Text("b", "a")]
    assert len({embed_texts.digest(text) for text in texts}) == len(texts)


def test_text_without_words_is_left_out_and_logged(
    embed_film_texts, encoded_texts, caplog, monkeypatch
):
    monkeypatch.setattr(text_encoder, "has_words", bool)
    frame = embed_film_texts({"a": ([], "...\n\nIt rains.")})
    assert frame[["segment", "paragraph"]].to_numpy().tolist() == [["plot", 1]]
    (message,) = caplog.messages
    assert message.startswith("text: has nothing to embed, left out: {'film_id': 'a', 'segment': ")


def test_every_unreadable_plot_is_reported(tmp_path, weights):
    paths = [tmp_path / f"{name}.txt" for name in ("good", "gone", "lost")]
    paths[0].write_text("Dusk")
    films = [FilmTexts(path.stem, [], path) for path in paths]
    with pytest.raises(InputError) as error:
        embed_texts.embed_texts(films, ["plot"], "net", weights, "c", tmp_path / "x.parquet")
    expected = "  expected: a text file"
    assert str(error.value) == "\n".join(
        [
            "2 problems were found",
            *(
                f"{path}: cannot be read (No such file or directory)\n{expected}"
                for path in paths[1:]
            ),
        ]
    )
