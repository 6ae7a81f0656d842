"""Tests of scene embeddings: sampled frames, their mean, and reuse of unchanged tables."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from scorelens import media, tables
from scorelens.encoders import image_encoder
from scorelens.scenes.embed import embed_films
from tests.test_media_frames import coded


def cues_of(film_id, intervals):
    rows = [
        {
            "film_id": film_id,
            "cue_id": f"cue_{number:03d}",
            "track_id": track,
            "film_start_s": start_s,
            "film_end_s": end_s,
            "track_start_s": 0.0,
            "equal_starts_s": (),
            "shared_tracks": (),
            "speed": 1.0,
            "tempo": 1.0,
            "pitch_semitones": 0.0,
            "score": 10.0,
            "confidence": 0.9,
            "verdict": "",
        }
        for number, (track, start_s, end_s) in enumerate(intervals)
    ]
    return pd.DataFrame(rows, columns=tables.CUES.names).astype({"film_start_s": float})


def mean_colour(images):
    return images.mean((1, 2), dtype=np.float32)


@pytest.fixture
def loaded_networks(monkeypatch):
    """A fake image network that returns the mean colour; the list has its name once a load."""
    names = []

    def load(name, weights, threads):
        names.append(name)
        return SimpleNamespace(size=3, encode=mean_colour)

    monkeypatch.setattr(image_encoder, "load", load)
    return names


def embed_film(folder, video, intervals, code="code"):
    names = ("cues.parquet", "status.tsv", "scenes.parquet", "weights")
    cues, status, output, weights = (folder / name for name in names)
    weights.write_bytes(b"")
    tables.write_table(cues_of("noir", intervals), cues, tables.CUES)
    row = {"film_id": "noir", "status": "ok", "problems": "", "notes": "", "duration_s": 20.0}
    row |= {"has_picture": True, "tracks": 2, "video_sha256": media.sha256(video)}
    tables.write_table(pd.DataFrame([{**row, "video_bytes": 1}]), status, tables.STATUS)
    embed_films(["noir"], [video], [cues], [status], [output], "vgg16", weights, 4, code)
    return tables.read_table(output, tables.SCENES)


def test_scene_embedding_is_the_mean_of_frames_spread_over_the_cue(loaded_networks, tmp_path):
    video = coded(tmp_path / "film.mp4", g="12")
    intervals = [("theme", 2.0, 6.0), ("chase", 10.0, 18.0)]
    table = embed_film(tmp_path, video, intervals)
    values = ["image_0001", "image_0002", "image_0003"]
    assert table.columns.tolist() == [*tables.SCENES.names, *values]
    assert table.cue_id.tolist() == ["cue_000", "cue_001"]
    assert table.track_id.tolist() == ["theme", "chase"]
    assert table[["start_s", "end_s"]].to_numpy().tolist() == [[2, 6], [10, 18]]
    # Frames at 2 to 5 s, and at 11, 13, 15 and 17 s; the codec changes values by up to 2.
    assert table[values].to_numpy().mean(1) == pytest.approx([20 + 35, 20 + 140], abs=2)
    provenance = tables.read_provenance(tmp_path / "scenes.parquet")
    assert (provenance["network"], provenance["frames"]) == ("vgg16", 4)
    assert provenance["video_sha256"] == media.sha256(video)


def test_film_without_picture_or_cues_has_no_scenes(loaded_networks, film, tmp_path):
    sound = film("sound.mkv", np.zeros(48000), picture=False)
    assert not len(embed_film(tmp_path, sound, [("theme", 0.0, 1.0)]))
    silent = embed_film(tmp_path, film("film.mkv"), [])
    assert len(silent) == 0
    assert len(silent.columns) == len(tables.SCENES.names) + 3


def test_unchanged_films_are_not_embedded_again(loaded_networks, tmp_path):
    video = coded(tmp_path / "film.mp4", g="12")
    intervals, output = [("theme", 2.0, 6.0)], tmp_path / "scenes.parquet"
    embed_film(tmp_path, video, intervals)
    before = output.read_bytes()
    embed_film(tmp_path, video, intervals)
    assert output.read_bytes() == before
    assert loaded_networks == ["vgg16"]
    embed_film(tmp_path, video, intervals, "other code")
    assert tables.read_provenance(output)["code"] == "other code"
    embed_film(tmp_path, video, [("theme", 2.0, 7.0)], "other code")
    assert loaded_networks == ["vgg16"] * 3
