"""Searches: what is found, why, and what each network is loaded for."""

import json
import os
import re
from types import SimpleNamespace
from typing import NamedTuple

import av
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from scorelens import tables
from scorelens.encoders.text_encoder import Text
from scorelens.errors import InputError
from scorelens.retrieval.embed.fragments import Fragments
from scorelens.retrieval.model.networks import Retrieval, Sizes, embed_queries, embed_tracks
from scorelens.retrieval.model.train import load_model, save_model
from scorelens.retrieval.model.training import Trained
from scorelens.retrieval.search import query_encoder, search, track_index
from scorelens.retrieval.search.index import build_index, load_index
from scorelens.retrieval.search.query_encoder import QueryEmbeddings, embed_search
from scorelens.retrieval.search.search_config import Search
from tests.album_tables import write_tracks

torch.set_num_threads(1)
TRACKS = [("noir", "theme", "a.ogg"), ("west", "theme", "b.ogg"), ("west", "ride", "c.ogg")]
NO_TAGS = {"title": "", "artist": "", "composer": "", "album": ""}


# What is found, and why


@pytest.fixture
def simple(monkeypatch):
    """A model whose place is the image's vector plus the text's, made 1 in length."""

    def embed(model, views):
        joined = sum(views.values())
        return joined / np.linalg.norm(joined, axis=1, keepdims=True)

    monkeypatch.setattr(query_encoder, "embed_queries", embed)


X, Y, Z = np.eye(3, dtype=np.float32)
WHOLE = Search("s", "p", ("t",), image="i", track="noir/theme", known=True)
VECTORS = QueryEmbeddings(
    images={"s": X},
    texts={Text("t", "p"): Y, Text("t", ""): 3 * Y, Text("", "p"): Y - X},
    tracks={"s": Z},
    index_rows={"s": 1},
    pictures={},
)


def test_places_of_parts_by_hand(simple):
    def place(*parts):
        return embed_search(WHOLE, parts, None, VECTORS).tolist()

    half, third = np.sqrt(0.5), np.sqrt(0.1)
    assert place("image") == pytest.approx([1, 0, 0])
    assert place("track") == pytest.approx([0, 0, 1])
    assert place("image", "tags") == pytest.approx([third, 3 * third, 0])
    assert place("image", "tags", "plot", "track") == pytest.approx([0.5, 0.5, half])
    assert place("plot", "track") == pytest.approx([-0.5, 0.5, half])


def test_why_is_how_far_the_cosine_falls(simple):
    library = build_index(np.stack([X, Z, Y]), ["x", "own", "y"])
    found = search.answer(WHOLE, None, VECTORS, library, np.arange(3), 5)
    assert found["row"].tolist() == [0, 2]  # its own track is no answer
    assert found["rank"].tolist() == [1, 2]
    assert found["cosine"].tolist() == pytest.approx([0.5, 0.5])
    root = np.sqrt(0.05)
    without = {
        "image": [0, np.sqrt(0.5)],
        "tags": [0, np.sqrt(0.5)],  # X + (Y - X) is Y
        "plot": [root, 3 * root],
        "track": [np.sqrt(0.5), np.sqrt(0.5)],
    }
    for part, cosines in without.items():
        assert found[part].tolist() == pytest.approx([0.5 - c for c in cosines]), part
    assert found["moved_by"].tolist() == ["image", "plot"]


def test_a_part_alone_has_the_whole_cosine(simple):
    asked = Search("s", image="i")
    library = build_index([X, Y], ["x", "y"])
    found = search.answer(asked, None, VECTORS._replace(index_rows={}), library, np.arange(2), 1)
    assert found[["rank", "row", "cosine", "image"]].to_numpy().tolist() == [[1, 0, 1, 1]]
    assert found["moved_by"].tolist() == ["image"]
    assert found[["tags", "plot", "track"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("most", "expected"), [(1, [0]), (2, [0, 3]), (3, [0, 3, 5]), (9, [0, 3, 5])]
)
def test_of_a_file_the_nearest_row_is_an_answer_and_of_its_own_none(simple, most, expected):
    places = [X, Z, X + 0.1 * Y, Y, Z + 0.1 * X, Y - Z, Y]
    library = build_index(np.stack(places), list("abcdefg"))
    files = np.array([7, 5, 7, 2, 5, 1, 2])
    asked = Search("s", image="i", track="noir/theme", known=True)
    vectors = VECTORS._replace(images={"s": 3 * X})
    found = search.answer(asked, None, vectors, library, files, most)
    assert found["row"].tolist() == expected
    assert found["rank"].tolist() == list(range(1, len(expected) + 1))


# From files to files


class Run(NamedTuple):
    """What a search job takes and gives."""

    folder: object
    loaded: list
    answer: object


@pytest.fixture
def model(tmp_path):
    torch.manual_seed(0)
    sizes = Sizes(3, 4, 5)
    arrays = {name: v.numpy() for name, v in Retrieval("all", sizes).state_dict().items()}
    facts = {"configuration": "all", "image": "vit", "text": "minilm", "audio": "musicnn"}
    curve = np.zeros((1, 2), np.float32)
    save_model(tmp_path / "model", Trained(arrays, sizes, curve, 1), facts | {"films": ["a", "b"]})
    return tmp_path / "model"


def sound(path, tracks, seed):
    """Two fragments a track."""
    values = np.random.default_rng(seed).normal(size=(2 * len(tracks), 5))
    frame = pd.DataFrame(values).add_prefix("value_")
    frame = frame.assign(track_id=np.repeat(tracks, 2), start_s=[0.0, 10.0] * len(tracks))
    tables.write_table(frame, path, tables.RETRIEVAL_FRAGMENTS)
    return str(path)


@pytest.fixture
def indexed(model, tmp_path):
    """The index of two albums and a library; returns it with its table."""
    rows = [(*row, 60.0, 44100) for row in (*TRACKS, ("mute", "hush", "d.ogg"))]
    films = [("noir", "Noir"), ("west", "West"), ("mute", "Mute")]
    ids = enumerate((["theme"], ["ride", "theme"], []), 1)
    sounds = [sound(tmp_path / f"{seed}.parquet", own, seed) for seed, own in ids]
    table = write_tracks(rows, tmp_path / "tracks.tsv")
    albums = track_index.albums_of(films, sounds, [table])
    files = ["cd1/01 Élan.mp3", "x.wav"]
    heard = sound(tmp_path / "l.parquet", files, 4)
    sources = [*albums, track_index.Shelf(heard, "mine", "music", dict.fromkeys(files, NO_TAGS))]
    track_index.index_music(model, sources, tmp_path / "index.npz", tmp_path / "index.parquet")
    table = tables.read_table(tmp_path / "index.parquet", tables.RETRIEVAL_INDEX)
    return load_index(tmp_path / "index.npz"), table


def test_all_music_is_in_the_index_at_its_place(indexed, model, tmp_path):
    library, table = indexed
    assert library.ids.tolist() == [
        *("corpus/noir/theme", "corpus/west/ride", "corpus/west/theme"),
        *("mine/cd1/01 Élan.mp3", "mine/x.wav"),
    ]
    names = ["library", "film_id", "title", "track_id", "path", "track_title"]
    assert table[names].fillna("-").to_numpy().tolist() == [
        ["corpus", "noir", "Noir", "theme", "a.ogg", "a"],
        ["corpus", "west", "West", "ride", "c.ogg", "c"],
        ["corpus", "west", "West", "theme", "b.ogg", "b"],
        ["mine", "-", "-", "01_elan", "music/cd1/01 Élan.mp3", "01 Élan"],
        ["mine", "-", "-", "x", "music/x.wav", "x"],
    ]
    assert (table["start_s"] == 0).all()
    assert table["end_s"].isna().all()
    values = np.random.default_rng(2).normal(size=(4, 5)).astype(np.float32)
    expected = embed_tracks(load_model(model)[0], values, np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(library.vectors[1:3], expected, atol=1e-6)


@pytest.fixture
def run(indexed, model, tmp_path, monkeypatch):
    """Answer searches with stand-ins for the frozen networks, which note that they were loaded."""
    loaded = []

    def load(kind, encode=None):
        return lambda *about: loaded.append((kind, *about)) or SimpleNamespace(encode=encode)

    def encode_track(path, max_fragments, encoder):
        values = np.random.default_rng(2).normal(size=(2, 5)).astype(np.float32)
        silent = str(path) in ("no.wav", "silent.wav")
        return Fragments(np.zeros(2), values[: 0 if silent else 2])

    def encode_texts(texts):
        return np.stack([[len(t.tags), len(t.plot), 1, 2] for t in texts]).astype(np.float32)

    def encode_images(images):
        return images.mean((1, 2), dtype=np.float32) / 255

    monkeypatch.setattr(query_encoder.image_encoder, "load", load("image", encode_images))
    monkeypatch.setattr(query_encoder.text_encoder, "load", load("text", encode_texts))
    monkeypatch.setattr(query_encoder, "load_fragment_encoder", load("audio"))
    monkeypatch.setattr(query_encoder, "encode_track", encode_track)

    def answer(*searches, tracks=25):
        search.answer_searches(
            searches=searches,
            model=model,
            index=tmp_path / "index.npz",
            names=tmp_path / "index.parquet",
            weights={"image": "i.w", "text": "t.w", "audio": "a.w"},
            tracks=tracks,
            frames=2,
            fragments=8,
            threads=1,
            answers=tmp_path / "out" / "searches.tsv",
            page=tmp_path / "out" / "searches.html",
        )
        return tables.read_table(tmp_path / "out" / "searches.tsv", tables.RETRIEVAL_ANSWERS)

    return Run(tmp_path, loaded, answer)


def red(path, seconds=20, pipe=False):
    """A film that is red for half its time, then blue. pipe: one cannot go back in its file."""
    options = {"live": "1"} if pipe else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "bgr0"
        for number in range(seconds * 10):
            colour = (250, 0, 0) if number < seconds * 5 else (0, 0, 250)
            picture = np.broadcast_to(np.array(colour, np.uint8), (32, 64, 3))
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return str(path)


def test_answers_are_the_nearest_tracks_and_every_network_is_loaded_once(run, model):
    picture = run.folder / "p.png"
    Image.new("RGB", (300, 200), (0, 255, 0)).save(picture)
    film = red(run.folder / "f.mkv")
    found = run.answer(
        Search("all", "Dusk", ("slow",), image=str(picture), track="west/ride", known=True),
        Search("moment", film=film, scene="noir", time_s=1.0),
        Search("again", film=film, scene="noir", time_s=18.0),
        Search("file", track=os.path.abspath("music/x.wav")),
        Search("foreign", track=str(picture)),
        tracks=3,
    )
    assert sorted(run.loaded) == [
        ("audio", "musicnn", "a.w", 1),
        ("image", "vit", "i.w"),
        ("text", "minilm", "t.w"),
    ]
    counts = found.groupby("search", sort=False)["rank"].apply(list).to_dict()
    assert counts == {name: [1, 2, 3] for name in ("all", "moment", "again", "file", "foreign")}
    own = found[found.search == "all"]
    assert "ride" not in own.track_id.tolist()
    assert own[["image", "tags", "plot", "track"]].notna().all(axis=None)
    known = load_model(model)[0]
    place = embed_queries(known, {"image": np.array([[250, 0, 0]], np.float32) / 255})
    library = load_index(run.folder / "index.npz")
    expected = np.sort(library.vectors @ place[0])[::-1][:3]
    moment = found[found.search == "moment"]
    np.testing.assert_allclose(moment.cosine, expected, atol=1e-4)
    np.testing.assert_array_equal(moment.cosine, moment.image)
    assert found[found.search == "again"].cosine.tolist() != moment.cosine.tolist()
    assert "x" not in found[found.search == "file"].track_id.tolist()  # it is one of the library
    assert found[found.search == "foreign"].track_id.iloc[0] == "ride"  # whose sound it has
    assert found[found.search == "foreign"].cosine.iloc[0] == pytest.approx(1)


def test_the_page_stands_beside_the_table(run):
    film = red(run.folder / "f.mkv")
    run.answer(
        Search("moment", film=film, scene="noir", time_s=1.0),
        Search("like", track="west/ride", known=True),
    )
    text = (run.folder / "out" / "searches.html").read_text(encoding="utf-8")
    moment, like = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    assert (moment["caption"], moment["time"], moment["parts"]) == ("noir", 1.0, ["image"])
    assert moment["track"] is None
    path = os.path.relpath("c.ogg", run.folder / "out")
    names = {"track_title": "c", "artist": "", "composer": "", "album": ""}
    assert like["track"] == {"title": "West", "path": path, "part": "", **names}
    assert "learnt from 2 films" in " ".join(text.split())


def test_a_track_is_no_answer_to_itself_whatever_its_path(indexed, run, monkeypatch):
    """A library holds the albums again, behind links; its tracks are asked for by other paths."""
    monkeypatch.chdir(run.folder)
    for path in ("b.ogg", "c.ogg", "cd1/x.wav"):
        (run.folder / path).parent.mkdir(exist_ok=True)
        (run.folder / path).touch()
    (run.folder / "music").symlink_to("cd1")
    (run.folder / "cd1" / "ride.ogg").symlink_to("../c.ogg")
    _, table = indexed
    table.loc[3, "path"] = "cd1/ride.ogg"
    tables.write_table(table, run.folder / "index.parquet", tables.RETRIEVAL_INDEX)
    found = run.answer(
        Search("known", track="west/ride", known=True),
        Search("file", track=str(run.folder / "music" / "x.wav")),
        Search("album", track="cd1/ride.ogg"),
        Search("words", "Dusk"),
    )
    assert run.loaded == [("text", "minilm", "t.w")]  # nothing is heard again
    paths = found.groupby("search")["path"].apply(sorted).to_dict()
    once = found[found.search == "words"].path.tolist()
    assert paths["known"] == paths["album"] == ["a.ogg", "b.ogg", "music/x.wav"]
    assert len(paths["file"]) == 3
    assert "music/x.wav" not in paths["file"]
    assert len(once) == 4
    assert len({"c.ogg", "cd1/ride.ogg"} & set(once)) == 1
    text = (run.folder / "out" / "searches.html").read_text(encoding="utf-8")
    known, file, album, _ = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    assert album["track"] == known["track"]
    tracks = [[own["track"][name] for name in ("title", "path", "part")] for own in (known, file)]
    assert tracks == [["West", "../c.ogg", ""], [None, "../music/x.wav", ""]]


def test_the_page_knows_where_in_a_library_a_track_is(run):
    run.answer(Search("words", "Dusk"))
    text = (run.folder / "out" / "searches.html").read_text(encoding="utf-8")
    (words,) = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    folders = dict(zip(words["path"], words["folder"], strict=True))
    where = {os.path.relpath(f"music/{file}", run.folder / "out"): folder
             for file, folder in (("cd1/01 Élan.mp3", "cd1"), ("x.wav", ""))}  # fmt: skip
    assert where.items() <= folders.items()


def test_a_film_need_not_tell_its_length(run):
    """A file that was written to a pipe tells none; what is there counts."""
    whole, piped = red(run.folder / "whole.mkv"), red(run.folder / "f.mkv", pipe=True)
    found = run.answer(
        *(
            Search(f"s{n}", film=film, scene="noir", time_s=time_s)
            for n, (film, time_s) in enumerate([(whole, 3), (piped, 3), (whole, 20)])
        )
    )
    first, second, third = (own.cosine.tolist() for _, own in found.groupby("search"))
    assert first == second != third
    with pytest.raises(InputError, match=r"99 s is after the film's end\n  expected: 0 to 20\.0 s"):
        run.answer(Search("late", film=piped, scene="noir", time_s=99))


def test_words_alone_need_no_other_network(run):
    found = run.answer(Search("words", "Dusk", ("slow", "sad")))
    assert run.loaded == [("text", "minilm", "t.w")]
    assert found["rank"].tolist() == [1, 2, 3, 4, 5]
    assert found[["image", "track"]].isna().all(axis=None)


def test_a_known_track_alone_needs_no_network(run):
    found = run.answer(Search("like", track="noir/theme", known=True))
    assert run.loaded == []
    assert len(found) == 4


def test_what_cannot_be_asked_is_named(run):
    film = red(run.folder / "f.mkv")
    with pytest.raises(InputError) as error:
        run.answer(Search("late", film=film, scene=film, time_s=70.0))
    assert str(error.value) == (
        "config: retrieval.searches.late.time_s: 70 s is after the film's end\n"
        f"  expected: 0 to 20.0 s ({film})"
    )
    silent = "mute/hush is no track, is silent, or its film is left out"
    for track, known, what in (("mute/hush", True, silent), ("no.wav", False, "no.wav is silent")):
        with pytest.raises(InputError) as error:
            run.answer(Search("like", track=track, known=known))
        assert str(error.value) == (
            f"config: retrieval.searches.like.track: {what}\n  expected: a track with sound"
        )


def test_a_track_that_is_misspelt_is_told_with_the_nearest(run):
    with pytest.raises(InputError, match=r"did you mean 'west/ride'\?"):
        run.answer(Search("like", track="west/rid", known=True))


def test_all_that_cannot_be_looked_at_or_heard_is_named(run):
    film = red(run.folder / "f.mkv")
    late = Search("late", film=film, scene=film, time_s=70.0)
    with pytest.raises(InputError) as error:
        run.answer(Search("gone", image="gone.png"), Search("good", film=film), late)
    said = [problem.where for problem in error.value.problems]
    assert said == ["gone.png", "config: retrieval.searches.late.time_s"]
    assert str(error.value).split("\n")[1] == "gone.png: does not exist"
    with pytest.raises(InputError) as error:
        run.answer(*(Search(name, track=f"{name}.wav") for name in ("no", "good", "silent")))
    said = [problem.where for problem in error.value.problems]
    assert said == [f"config: retrieval.searches.{name}.track" for name in ("no", "silent")]


def test_the_same_searches_give_the_same_files(run):
    film = red(run.folder / "f.mkv")
    asked = Search("moment", "Dusk", film=film, scene="noir", time_s=1.0)
    run.answer(asked)
    files = [run.folder / "out" / name for name in ("searches.tsv", "searches.html")]
    first = [file.read_bytes() for file in files]
    run.answer(asked)
    assert [file.read_bytes() for file in files] == first
