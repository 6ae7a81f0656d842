"""Tests of run_searches: results, loaded encoders, the page and errors."""

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
from scorelens.errors import InputError
from scorelens.retrieval.embed.fragments import Fragments
from scorelens.retrieval.model.networks import RetrievalModel, Sizes, embed_queries, embed_tracks
from scorelens.retrieval.model.train import load_model, save_model
from scorelens.retrieval.model.training import TrainedModel
from scorelens.retrieval.search import query_encoder, search, track_index
from scorelens.retrieval.search.index import load_index
from scorelens.retrieval.search.search_config import Search
from tests.album_tables import write_tracks

torch.set_num_threads(1)
TRACKS = [("noir", "theme", "a.ogg"), ("west", "theme", "b.ogg"), ("west", "ride", "c.ogg")]
NO_TAGS = {"title": "", "artist": "", "composer": "", "album": ""}


class Run(NamedTuple):
    """Folder, names of the loaded encoders, and a function that runs searches."""

    folder: object
    loaded: list
    search: object


@pytest.fixture
def model(tmp_path):
    torch.manual_seed(0)
    sizes = Sizes(3, 4, 5)
    arrays = {name: v.numpy() for name, v in RetrievalModel("all", sizes).state_dict().items()}
    metadata = {"configuration": "all", "image": "vit", "text": "minilm", "audio": "musicnn"}
    losses = np.zeros((1, 2), np.float32)
    save_model(
        tmp_path / "model", TrainedModel(arrays, sizes, losses, 1), metadata | {"films": ["a", "b"]}
    )
    return tmp_path / "model"


def write_fragments(path, tracks, seed):
    """Write a table of two fragments a track; returns its path."""
    values = np.random.default_rng(seed).normal(size=(2 * len(tracks), 5))
    frame = pd.DataFrame(values).add_prefix("value_")
    times = {"start_s": [0.0, 10.0] * len(tracks), "level_db": -20.0}
    frame = frame.assign(track_id=np.repeat(tracks, 2), **times)
    tables.write_table(frame, path, tables.RETRIEVAL_FRAGMENTS)
    return str(path)


@pytest.fixture
def indexed(model, tmp_path):
    """The index of two albums and a library, and its table."""
    rows = [(*row, 60.0, 44100) for row in (*TRACKS, ("mute", "hush", "d.ogg"))]
    films = [("noir", "Noir"), ("west", "West"), ("mute", "Mute")]
    ids = enumerate((["theme"], ["ride", "theme"], []), 1)
    sounds = [
        write_fragments(tmp_path / f"{seed}.parquet", track_ids, seed) for seed, track_ids in ids
    ]
    table = write_tracks(rows, tmp_path / "tracks.tsv")
    albums = track_index.film_albums(films, sounds, [table])
    files = ["cd1/01 Élan.mp3", "x.wav"]
    fragments = write_fragments(tmp_path / "l.parquet", files, 4)
    sources = [
        *albums,
        track_index.LibraryPart(fragments, "mine", "music", dict.fromkeys(files, NO_TAGS)),
    ]
    track_index.index_tracks(model, sources, tmp_path / "index.npz", tmp_path / "index.parquet")
    table = tables.read_table(tmp_path / "index.parquet", tables.RETRIEVAL_INDEX)
    return load_index(tmp_path / "index.npz"), table


def test_index_has_every_track_with_its_embedding(indexed, model, tmp_path):
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
    """Run searches with fake encoders, which are listed in `loaded` when they are loaded."""
    loaded = []

    def load(kind, encode=None):
        return lambda *args: loaded.append((kind, *args)) or SimpleNamespace(encode=encode)

    def encode_track(path, max_fragments, encoder):
        values = np.random.default_rng(2).normal(size=(2, 5)).astype(np.float32)
        silent = str(path) in ("no.wav", "silent.wav")
        return Fragments(np.zeros(2), values[: 0 if silent else 2], np.zeros(2))

    def encode_texts(texts):
        return np.stack([[len(t.tags), len(t.plot), 1, 2] for t in texts]).astype(np.float32)

    def encode_images(images):
        return images.mean((1, 2), dtype=np.float32) / 255

    monkeypatch.setattr(query_encoder.image_encoder, "load", load("image", encode_images))
    monkeypatch.setattr(query_encoder.text_encoder, "load", load("text", encode_texts))
    monkeypatch.setattr(query_encoder, "load_fragment_encoder", load("audio"))
    monkeypatch.setattr(query_encoder, "encode_track", encode_track)

    def run_searches(*searches, tracks=25):
        search.run_searches(
            searches=searches,
            model=model,
            index=tmp_path / "index.npz",
            names=tmp_path / "index.parquet",
            weights={"image": "i.w", "text": "t.w", "audio": "a.w"},
            tracks=tracks,
            frames=2,
            fragments=8,
            threads=1,
            results=tmp_path / "out" / "searches.tsv",
            page=tmp_path / "out" / "searches.html",
        )
        return tables.read_table(tmp_path / "out" / "searches.tsv", tables.RETRIEVAL_SEARCHES)

    return Run(tmp_path, loaded, run_searches)


def write_film(path, seconds=20, pipe=False):
    """Write a film, first half red, second half blue. pipe: without a duration in its header."""
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


def test_results_are_the_nearest_tracks_and_every_network_is_loaded_once(run, model):
    picture = run.folder / "p.png"
    Image.new("RGB", (300, 200), (0, 255, 0)).save(picture)
    film = write_film(run.folder / "f.mkv")
    results = run.search(
        Search("all", "Dusk", ("slow",), image=str(picture), track="west/ride", known=True),
        Search("moment", film=film, film_title="noir", time_s=1.0),
        Search("again", film=film, film_title="noir", time_s=18.0),
        Search("file", track=os.path.abspath("music/x.wav")),
        Search("foreign", track=str(picture)),
        tracks=3,
    )
    assert sorted(run.loaded) == [
        ("audio", "musicnn", "a.w", 1),
        ("image", "vit", "i.w"),
        ("text", "minilm", "t.w"),
    ]
    counts = results.groupby("search", sort=False)["rank"].apply(list).to_dict()
    assert counts == {name: [1, 2, 3] for name in ("all", "moment", "again", "file", "foreign")}
    rows = results[results.search == "all"]
    assert "ride" not in rows.track_id.tolist()
    assert rows[["image", "tags", "plot", "track"]].notna().all(axis=None)
    retrieval_model = load_model(model)[0]
    embedding = embed_queries(retrieval_model, {"image": np.array([[250, 0, 0]], np.float32) / 255})
    library = load_index(run.folder / "index.npz")
    expected = np.sort(library.vectors @ embedding[0])[::-1][:3]
    moment = results[results.search == "moment"]
    np.testing.assert_allclose(moment.cosine, expected, atol=1e-4)
    np.testing.assert_array_equal(moment.cosine, moment.image)
    assert results[results.search == "again"].cosine.tolist() != moment.cosine.tolist()
    # The query file is a library track, so it is excluded from the results.
    assert "x" not in results[results.search == "file"].track_id.tolist()
    assert results[results.search == "foreign"].track_id.iloc[0] == "ride"
    assert results[results.search == "foreign"].cosine.iloc[0] == pytest.approx(1)


def test_page_is_written_next_to_the_results_table(run):
    film = write_film(run.folder / "f.mkv")
    run.search(
        Search("moment", film=film, film_title="noir", time_s=1.0),
        Search("like", track="west/ride", known=True),
    )
    text = (run.folder / "out" / "searches.html").read_text(encoding="utf-8")
    moment, like = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    assert (moment["caption"], moment["time"], moment["parts"]) == ("noir", 1.0, ["image"])
    assert moment["track"] is None
    path = os.path.relpath("c.ogg", run.folder / "out")
    names = {"track_title": "c", "artist": "", "composer": "", "album": ""}
    assert like["track"] == {"title": "West", "path": path, "part": "", **names}
    assert "trained on 2 films" in " ".join(text.split())


def test_query_track_is_excluded_from_its_results_by_any_path(indexed, run, monkeypatch):
    """The library links to album tracks, and searches have other paths of the same tracks."""
    monkeypatch.chdir(run.folder)
    for path in ("b.ogg", "c.ogg", "cd1/x.wav"):
        (run.folder / path).parent.mkdir(exist_ok=True)
        (run.folder / path).touch()
    (run.folder / "music").symlink_to("cd1")
    (run.folder / "cd1" / "ride.ogg").symlink_to("../c.ogg")
    _, table = indexed
    table.loc[3, "path"] = "cd1/ride.ogg"
    tables.write_table(table, run.folder / "index.parquet", tables.RETRIEVAL_INDEX)
    results = run.search(
        Search("known", track="west/ride", known=True),
        Search("file", track=str(run.folder / "music" / "x.wav")),
        Search("album", track="cd1/ride.ogg"),
        Search("words", "Dusk"),
    )
    assert run.loaded == [("text", "minilm", "t.w")]  # no audio is embedded again
    paths = results.groupby("search")["path"].apply(sorted).to_dict()
    words_paths = results[results.search == "words"].path.tolist()
    assert paths["known"] == paths["album"] == ["a.ogg", "b.ogg", "music/x.wav"]
    assert len(paths["file"]) == 3
    assert "music/x.wav" not in paths["file"]
    assert len(words_paths) == 4
    assert len({"c.ogg", "cd1/ride.ogg"} & set(words_paths)) == 1
    text = (run.folder / "out" / "searches.html").read_text(encoding="utf-8")
    known, file, album, _ = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    assert album["track"] == known["track"]
    tracks = [
        [entry["track"][name] for name in ("title", "path", "part")] for entry in (known, file)
    ]
    assert tracks == [["West", "../c.ogg", ""], [None, "../music/x.wav", ""]]


def test_page_has_the_library_folder_of_each_track(run):
    run.search(Search("words", "Dusk"))
    text = (run.folder / "out" / "searches.html").read_text(encoding="utf-8")
    (words,) = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    folders = dict(zip(words["path"], words["folder"], strict=True))
    expected = {os.path.relpath(f"music/{file}", run.folder / "out"): folder
             for file, folder in (("cd1/01 Élan.mp3", "cd1"), ("x.wav", ""))}  # fmt: skip
    assert expected.items() <= folders.items()


def test_film_duration_is_measured_if_the_header_has_none(run):
    """A Matroska file written to a pipe has no duration in its header."""
    seekable, piped = (
        write_film(run.folder / "whole.mkv"),
        write_film(run.folder / "f.mkv", pipe=True),
    )
    results = run.search(
        *(
            Search(f"s{n}", film=film, film_title="noir", time_s=time_s)
            for n, (film, time_s) in enumerate([(seekable, 3), (piped, 3), (seekable, 20)])
        )
    )
    first, second, third = (rows.cosine.tolist() for _, rows in results.groupby("search"))
    assert first == second != third
    with pytest.raises(InputError, match=r"99 s is after the film's end\n  expected: 0 to 20\.0 s"):
        run.search(Search("late", film=piped, film_title="noir", time_s=99))


def test_text_search_loads_only_the_text_encoder(run):
    results = run.search(Search("words", "Dusk", ("slow", "sad")))
    assert run.loaded == [("text", "minilm", "t.w")]
    assert results["rank"].tolist() == [1, 2, 3, 4, 5]
    assert results[["image", "track"]].isna().all(axis=None)


def test_search_by_indexed_track_loads_no_encoder(run):
    results = run.search(Search("like", track="noir/theme", known=True))
    assert run.loaded == []
    assert len(results) == 4


def test_invalid_time_or_silent_track_error_names_the_config_key(run):
    film = write_film(run.folder / "f.mkv")
    with pytest.raises(InputError) as error:
        run.search(Search("late", film=film, film_title=film, time_s=70.0))
    assert str(error.value) == (
        "config: retrieval.searches.late.time_s: 70 s is after the film's end\n"
        f"  expected: 0 to 20.0 s ({film})"
    )
    silent = "mute/hush is no track, is silent, or its film is left out"
    for track, known, problem in (
        ("mute/hush", True, silent),
        ("no.wav", False, "no.wav is silent"),
    ):
        with pytest.raises(InputError) as error:
            run.search(Search("like", track=track, known=known))
        assert str(error.value) == (
            f"config: retrieval.searches.like.track: {problem}\n  expected: a track with sound"
        )


def test_misspelt_track_error_suggests_the_closest_track(run):
    with pytest.raises(InputError, match=r"did you mean 'west/ride'\?"):
        run.search(Search("like", track="west/rid", known=True))


def test_error_names_every_unusable_image_and_track(run):
    film = write_film(run.folder / "f.mkv")
    late = Search("late", film=film, film_title=film, time_s=70.0)
    with pytest.raises(InputError) as error:
        run.search(Search("gone", image="gone.png"), Search("good", film=film), late)
    locations = [problem.where for problem in error.value.problems]
    assert locations == ["gone.png", "config: retrieval.searches.late.time_s"]
    assert str(error.value).split("\n")[1] == "gone.png: does not exist"
    with pytest.raises(InputError) as error:
        run.search(*(Search(name, track=f"{name}.wav") for name in ("no", "good", "silent")))
    locations = [problem.where for problem in error.value.problems]
    assert locations == [f"config: retrieval.searches.{name}.track" for name in ("no", "silent")]


def test_run_searches_is_deterministic(run):
    film = write_film(run.folder / "f.mkv")
    query = Search("moment", "Dusk", film=film, film_title="noir", time_s=1.0)
    run.search(query)
    files = [run.folder / "out" / name for name in ("searches.tsv", "searches.html")]
    first = [file.read_bytes() for file in files]
    run.search(query)
    assert [file.read_bytes() for file in files] == first
