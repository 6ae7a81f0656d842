"""The rule by which a trained model of retrieval answers, and the model with an index of tracks."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from scorelens.encoders.text_encoder import Text
from scorelens.live_search import trained
from scorelens.live_search.trained import compare_with_bridge, load_trained, winner
from scorelens.retrieval.evaluate.rankings import Rankings
from scorelens.retrieval.model.networks import RetrievalModel, Sizes, embed_queries, embed_tracks
from scorelens.retrieval.model.train import load_model, save_model
from scorelens.retrieval.model.training import TrainedModel

IMAGE_SIZE, TEXT_SIZE, PASSAGE_SIZE = 3, 4, 200


def ranking(configuration, gain, seed):
    """Ranks of 5 tracks of each of 24 films among 120, `gain` of them better than chance."""
    rng = np.random.default_rng(seed)
    films = np.array([f"film_{k:02}" for k in range(24)])
    film = np.repeat(np.arange(24), 5)
    scores = rng.normal(size=(24, 120)) + gain * (film == np.arange(24)[:, None])
    ranks = np.argsort(np.argsort(-scores, axis=1), axis=1) + 1
    return Rankings(configuration, configuration, films, film, ranks[None])


def test_only_a_model_that_beats_the_bridge_answers():
    bridge = ranking("bridge", 0.5, 1)
    assert compare_with_bridge(bridge, [ranking("tags", 2.0, 2)]) == "tags"
    both = [ranking("tags", 2.0, 2), ranking("plot", 3.0, 3)]
    assert compare_with_bridge(bridge, both) == "plot"


@pytest.mark.parametrize("seed", range(3))
def test_model_that_is_no_better_than_the_bridge_does_not_answer(seed):
    assert compare_with_bridge(ranking("bridge", 0.5, 1), [ranking("tags", 0.5, 10 + seed)]) == ""


def write_model(results, configuration, audio="musicnn", **metadata):
    """Write a model with random variables, and an empty file in place of its embeddings."""
    torch.manual_seed(0)
    sizes = Sizes(IMAGE_SIZE, TEXT_SIZE, PASSAGE_SIZE)
    state = RetrievalModel(configuration, sizes).state_dict()
    model = TrainedModel(
        {name: v.numpy() for name, v in state.items()}, sizes, np.zeros((1, 2), np.float32), 1
    )
    networks = {"image": "vit", "text": "minilm", "audio": audio}
    folder = results / "retrieval"
    for name in ("models", "embeddings"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    path = folder / "models" / f"{configuration}.safetensors"
    save_model(path, model, {"configuration": configuration, **networks, "films": [], **metadata})
    (folder / "embeddings" / f"{configuration}.parquet").touch()
    return path


@pytest.fixture
def rankings(monkeypatch):
    """Rankings by configuration, that the files of embeddings would give; `plot` is the best."""
    gains = {"tags": 2.0, "plot": 3.0, "image": 0.5}
    found = {name: ranking(name, gain, 2) for name, gain in gains.items()}
    monkeypatch.setattr(trained, "_full_ranking", lambda path: found[path.stem])
    monkeypatch.setattr(trained, "bridge_ranking", lambda *_: ranking("bridge", 0.5, 1))


@pytest.mark.parametrize(
    "other", [{"trained": ["text"]}, {"audio": "vggish"}], ids=["own network", "no MusiCNN"]
)
def test_best_model_that_cannot_answer_leaves_it_to_the_next(tmp_path, rankings, other):
    for name in ("tags", "plot", "image"):
        write_model(tmp_path, name)
    assert winner(tmp_path, None, None) == "plot"
    write_model(tmp_path, "plot", **other)
    assert winner(tmp_path, None, None) == "tags"
    (tmp_path / "retrieval/models/tags.safetensors").unlink()
    assert winner(tmp_path, None, None) == ""


def test_loaded_model_embeds_tracks_words_and_pictures_as_retrieval_does(tmp_path, monkeypatch):
    model, _ = load_model(write_model(tmp_path, "all"))
    random = np.random.default_rng(1)
    values = random.normal(size=(5, PASSAGE_SIZE)).astype(np.float16)
    track = np.array([0, 0, 1, 1, 1])
    text, image = (random.normal(size=(1, n)).astype(np.float32) for n in (TEXT_SIZE, IMAGE_SIZE))
    encoded = []

    def load(network, weights):
        vectors = {"minilm": text, "vit": image}[network]
        return SimpleNamespace(encode=lambda items: encoded.append(items) or vectors)

    monkeypatch.setattr(trained, "load", load)
    loaded = load_trained(tmp_path, "all", values, track, weights=lambda network: network)
    assert (loaded.name, loaded.parts) == ("all", ("text", "image"))
    expected = embed_tracks(model, values.astype(np.float32), track)
    np.testing.assert_allclose(loaded.tracks, expected, atol=1e-6)
    answer = loaded.of_words("A storm at sea.", ["storm", "sea"])
    np.testing.assert_allclose(answer, embed_queries(model, {"text": text})[0], atol=1e-6)
    assert encoded == [[Text("storm, sea", "A storm at sea.")]]
    Image.new("RGB", (40, 30), (200, 20, 20)).save(tmp_path / "still.png")
    answer = loaded.of_image(str(tmp_path / "still.png"))
    np.testing.assert_allclose(answer, embed_queries(model, {"image": image})[0], atol=1e-6)
