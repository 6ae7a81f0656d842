"""Several training runs of a retrieval model, random features, and the AVCA baseline."""

import numpy as np
import pytest
import torch
from planted_films import make_pairs
from retrieval_tables import SETTINGS, gather, train_model, write_inputs
from torch import nn

from scorelens.retrieval import AVCA
from scorelens.retrieval.data.batches import Split
from scorelens.retrieval.evaluate.rankings import rank_embeddings
from scorelens.retrieval.model import networks, train, training
from scorelens.retrieval.model.losses import triplet_loss
from scorelens.retrieval.model.towers import CrossAttentionTower
from scorelens.tables import RETRIEVAL_CURVES, RETRIEVAL_EMBEDDINGS, read_table

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    return gather(write_inputs(folder / "tables", films=(24, 8, 10)), folder)


def tables_of(outputs):
    return (
        read_table(outputs["embeddings"], RETRIEVAL_EMBEDDINGS),
        read_table(outputs["curve"], RETRIEVAL_CURVES),
    )


def test_first_of_several_runs_equals_a_single_run_and_the_others_differ(inputs, tmp_path):
    single, several = (
        train_model("image", inputs, tmp_path / name, settings=SETTINGS | {"repeats": repeats})
        for name, repeats in (("single", 1), ("several", 3))
    )
    assert single["model"].read_bytes() == several["model"].read_bytes()
    (one, curve), (many, curves) = map(tables_of, (single, several))
    first = many[many["repeat"] == 0].reset_index(drop=True)
    assert first.equals(one)
    assert curves[curves["repeat"] == 0].reset_index(drop=True).equals(curve)
    rows = [many.loc[many["repeat"] == repeat, train.DIMENSIONS].to_numpy() for repeat in range(3)]
    assert len({part.shape for part in rows}) == 1
    for other in (1, 2):
        assert np.abs(rows[0] - rows[other]).max() > 0.1
    assert rank_embeddings(many)[0].ranks.shape == (3, 10, 20)
    assert not list(tmp_path.rglob("checkpoint*"))


class Killed(Exception):
    """Raised instead of a signal that kills the job."""


def test_finished_runs_are_not_trained_again_after_an_interruption(inputs, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "CHECKPOINT_S", 0.0)
    settings = SETTINGS | {"repeats": 2}
    expected = train_model("plot", inputs, tmp_path / "whole", settings=settings)
    trained = []
    epoch = training._train_epoch

    def train_epoch(*arguments):
        trained.append(len(trained))
        if len(trained) == 5:  # in the second run
            raise Killed
        return epoch(*arguments)

    monkeypatch.setattr(training, "_train_epoch", train_epoch)
    with pytest.raises(Killed):
        train_model("plot", inputs, tmp_path / "killed", settings=settings)
    resumed = train_model("plot", inputs, tmp_path / "killed", settings=settings)
    # Three epochs of the first run and one of the second, the killed one, and the two remaining.
    assert len(trained) == 3 + 1 + 1 + 2
    for name, path in expected.items():
        assert path.read_bytes() == resumed[name].read_bytes()
    assert not list((tmp_path / "killed").glob("checkpoint*"))


def test_random_features_have_the_parts_of_the_primary_model_and_no_skill(inputs, tmp_path):
    outputs = {
        name: tmp_path / name for name in ("model.safetensors", "curve.tsv", "embeddings.parquet")
    }
    outputs = dict(zip(("model", "curve", "embeddings"), outputs.values(), strict=True))
    encoders = {"image": "efficientnet_lite0", "text": "minilm", "audio": "musicnn"}
    train.train_retrieval(
        "random_features",
        inputs,
        encoders,
        SETTINGS | {"epochs": 10, "repeats": 4},
        1,
        tmp_path / "checkpoint",
        outputs,
        parts_of="image_tags",
    )
    table = read_table(outputs["embeddings"], RETRIEVAL_EMBEDDINGS)
    assert set(table["configuration"]) == {"random_features"}
    assert set(table["seen"].dropna()) == {"image+tags"}
    (one,) = rank_embeddings(table)
    relevant = one.ranks[:, one.film, np.arange(20)]
    # Mean rank of 80 tracks, 10.5 by chance, with a standard error of .65.
    assert relevant.mean() == pytest.approx(10.5, abs=2.5)


def test_avca_finds_the_planted_modality():
    pairs = make_pairs(AVCA, "image", films=140)
    films = Split(np.arange(90), np.arange(90, 100), np.arange(100, 140))
    settings = SETTINGS | {"epochs": 15, "patience": 15}
    trained = training.train_configuration(AVCA, pairs, films, settings, 1)
    model = networks.load_model(AVCA, trained.sizes, trained.arrays)
    views = {
        view: rows.values[np.searchsorted(rows.owner, films.test)]
        for view, rows in pairs.views.items()
    }
    queries = networks.embed_queries(model, views)
    np.testing.assert_allclose(np.linalg.norm(queries, axis=1), 1, atol=1e-5)
    owner = pairs.film[pairs.fragments.owner]
    tracks = networks.embed_fragments(model, pairs.fragments.values[owner >= 100])
    cosines = queries @ tracks.T
    relevant = owner[owner >= 100] - 100
    better = (cosines[:, None, :] < cosines[np.arange(40), :, None]).mean(-1)
    percentile = better[relevant, np.arange(len(relevant))].mean()
    assert percentile > 0.8


def reference_tower(tower, views):
    """The equations of AVCA in evaluation mode, with the parameters of the tower."""
    tokens = torch.stack([tower.encoders[name](views[name]) for name in ("image", "text")], 1)
    layer, rows = tower.attention, tokens + tower.position
    normed = layer.norm1(rows)
    weight, bias = layer.self_attn.in_proj_weight, layer.self_attn.in_proj_bias
    query, key, value = (normed @ weight.T + bias).chunk(3, -1)
    heads = [
        torch.softmax(q @ k.transpose(1, 2) / 10, -1) @ v  # sqrt(300 / 3)
        for q, k, v in zip(query.chunk(3, -1), key.chunk(3, -1), value.chunk(3, -1), strict=True)
    ]
    rows = rows + layer.self_attn.out_proj(torch.cat(heads, -1))
    rows = rows + layer.linear2(nn.functional.gelu(layer.linear1(layer.norm2(rows))))
    fused = tokens + rows
    parts = [tower.nets[name](fused[:, row]) for row, name in enumerate(("image", "text"))]
    return nn.functional.normalize(sum(nn.functional.normalize(part) for part in parts) / 2)


def test_cross_attention_tower_equals_the_equations():
    torch.manual_seed(0)
    tower = CrossAttentionTower({"image": 7, "text": 5}, 0.3).eval()
    views = {"image": torch.randn(6, 7), "text": torch.randn(6, 5)}
    with torch.no_grad():
        expected = reference_tower(tower, views)
        torch.testing.assert_close(tower(views), expected, atol=1e-5, rtol=1e-4)


def test_cross_attention_lets_the_text_change_the_embedding_of_the_image():
    torch.manual_seed(1)
    tower = CrossAttentionTower({"image": 7, "text": 5}, 0.0).eval()
    image, texts = torch.randn(1, 7), torch.randn(2, 1, 5)
    seen = []
    tower.nets["image"].register_forward_pre_hook(lambda net, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        for text in texts:
            tower({"image": image, "text": text})
    assert (seen[0] - seen[1]).abs().max() > 1e-4


def test_avca_loss_has_margin_1_of_torch_over_all_negatives(monkeypatch):
    torch.manual_seed(2)
    queries, tracks = (nn.functional.normalize(torch.randn(5, 64)) for _ in range(2))
    expected = []
    for anchors, others in ((queries, tracks), (tracks, queries)):
        for row in range(5):
            for negative in set(range(5)) - {row}:
                one = slice(row, row + 1), slice(negative, negative + 1)
                parts = anchors[one[0]], others[one[0]], others[one[1]]
                expected.append(nn.functional.triplet_margin_loss(*parts, margin=1.0))
    mean = float(sum(expected)) / 40
    assert float(triplet_loss(queries, tracks, 1.0)) == pytest.approx(mean, abs=1e-4)
    margins = []
    monkeypatch.setattr(
        training, "triplet_loss", lambda q, t, margin: margins.append(margin) or (q * t).sum()
    )
    pairs = make_pairs(AVCA, films=12)
    split = Split(np.arange(8), np.arange(8, 12), np.arange(0))
    for configuration in (AVCA, "baseline"):
        training.train_configuration(
            configuration, pairs, split, SETTINGS | {"epochs": 1, "margin": 0.25}, 1
        )
    assert set(margins) == {1.0, 0.25}
