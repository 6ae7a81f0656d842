"""Films' scenes as a network sees them: which frames, and their mean."""

import numpy as np
import pytest

from scorelens import tables
from scorelens.encoders import image_encoder
from scorelens.trailers.scenes import embed_film_scenes
from tests.test_retrieval_embed_scenes import Eye, coded, cues_of


def watched(monkeypatch, folder, video, stretches):
    monkeypatch.setattr(embed_film_scenes, "load_network", lambda name, weights: name)
    monkeypatch.setattr(image_encoder, "embed_pictures", Eye())
    cues, output, weights = (folder / name for name in ("cues.parquet", "seen.parquet", "weights"))
    weights.write_bytes(b"")
    tables.write_table(cues_of("noir", stretches), cues, tables.CUES)
    embed_film_scenes.watch_films(["noir"], [video], [cues], [output], "vgg16", weights, 4, "code")
    facts = tables.read_provenance(output)
    assert (facts["network"], facts["frames"]) == ("vgg16", 4)
    return tables.read_table(output, tables.TRAILER_SCENE_VECTORS)


def test_a_scene_is_the_mean_of_frames_spread_over_the_cue(monkeypatch, tmp_path):
    video = coded(tmp_path / "film.mp4", g="12")
    stretches = [("theme", 2.0, 6.0), ("chase", 10.0, 18.0)]
    found = watched(monkeypatch, tmp_path, video, stretches)
    names = ["film_id", "cue_id", "vgg16_0001", "vgg16_0002", "vgg16_0003"]
    assert found.columns.tolist() == names
    assert found.cue_id.tolist() == ["cue_000", "cue_001"]
    # Seconds 2 to 5, and 11, 13, 15 and 17; the codec is a grey level or two off.
    assert found[names[2:]].to_numpy().mean(1) == pytest.approx([20 + 35, 20 + 140], abs=2)


def test_a_film_without_a_picture_has_no_scenes(monkeypatch, film, tmp_path):
    sound = film("sound.mkv", np.zeros(48000), picture=False)
    assert not len(watched(monkeypatch, tmp_path, sound, [("theme", 0.0, 1.0)]))


def test_films_that_have_not_changed_are_kept(monkeypatch, tmp_path):
    video = coded(tmp_path / "film.mp4", g="12")
    watched(monkeypatch, tmp_path, video, [("theme", 2.0, 6.0)])
    output = tmp_path / "seen.parquet"
    before = output.read_bytes()
    monkeypatch.setattr(image_encoder, "embed_pictures", lambda *_: pytest.fail("looked again"))
    rest = [[tmp_path / "cues.parquet"], [output], "vgg16", tmp_path / "weights", 4]
    embed_film_scenes.watch_films(["noir"], [video], *rest, "code")
    assert output.read_bytes() == before
    monkeypatch.setattr(image_encoder, "embed_pictures", Eye())
    embed_film_scenes.watch_films(["noir"], [video], *rest, "other code")
    assert tables.read_provenance(output)["code"] == "other code"
