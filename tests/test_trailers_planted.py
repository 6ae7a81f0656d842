"""Planted genres of demo trailers are above chance only in modalities that contain them."""

import pytest
import torch

from scorelens.corpus.synthesis.demo_plan import GENRES
from scorelens.tables import TRAILER_MODALITIES, TRAILER_SCORES, read_table
from scorelens.trailers import PICTURE, SOUND
from scorelens.trailers.data import embed
from scorelens.trailers.data.frame_sampling import Sampling, sample_trailers
from scorelens.trailers.demo import demo_plan, synthesis
from scorelens.trailers.evaluate import score
from scorelens.trailers.model import train

torch.set_num_threads(1)
pytestmark = pytest.mark.slow

SEED = 2  # differs from the demo's seed
RUNS = {PICTURE: ("efficientnet_lite0", "frame_linear"), SOUND: ("musicnn", "sound_linear")}
PLANTED = {
    PICTURE: demo_plan.PICTURE_ONLY + demo_plan.IN_BOTH,
    SOUND: demo_plan.SOUND_ONLY + demo_plan.IN_BOTH,
}
SIGNIFICANT, NOT_SIGNIFICANT = (
    0.01,
    0.1,
)  # upper limit of p for planted genres, lower limit for others


@pytest.fixture(scope="module")
def score_tables(tmp_path_factory, fetched):
    """Average precision by modality and genre, and the table of modalities."""
    folder = tmp_path_factory.mktemp("planted")
    weights = {network: fetched(network) for network, _ in RUNS.values()}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return run_pipeline(weights)


def run_pipeline(weights):
    """Synthesize, sample, embed, train and score in the working folder as in the paper."""
    trailers = demo_plan.plan_trailers({}, SEED)
    synthesis.make_trailers(trailers, {})
    samples = {trailer.trailer_id: f"{trailer.trailer_id}.npz" for trailer in trailers}
    videos = {name: demo_plan.video(name) for name in samples}
    sample_trailers(videos, list(samples.values()), "samples.tsv", Sampling(200, 31, 10, 30.0))
    predictions = {}
    for network, model in RUNS.values():
        vectors, predictions[network, model] = f"{network}.parquet", f"{model}.parquet"
        embed.embed_trailers(samples, network, weights[network], vectors)
        settings = {"genres": GENRES, "folds": 5}
        outputs = predictions[network, model], f"{model}_moments.parquet"
        train.train_trailers(
            network, model, demo_plan.TABLE, {}, [vectors], settings, SEED, *outputs
        )
    score.score(predictions, [], 500, 2000, SEED, "scores.tsv", "modalities.tsv")
    scores = read_table("scores.tsv", TRAILER_SCORES)
    ranked = scores[scores["measure"] == score.AVERAGE_PRECISION]
    return ranked.set_index(["modality", "genre"]), read_table("modalities.tsv", TRAILER_MODALITIES)


@pytest.mark.parametrize("modality", RUNS)
@pytest.mark.parametrize("genre", GENRES)
def test_genre_is_above_chance_only_in_modalities_in_which_it_is_planted(
    modality, genre, score_tables
):
    row = score_tables[0].loc[modality, genre]
    if genre in PLANTED[modality]:
        assert row.p < SIGNIFICANT, row
        assert row.low > row.chance, row
    else:
        assert row.p > NOT_SIGNIFICANT, row
        assert row.low < row.chance, row


def test_modalities_differ_only_in_genres_planted_in_one_of_them(score_tables):
    table = score_tables[1].set_index("genre").loc[list(GENRES)]
    significant = table["difference"][table["p"] < SIGNIFICANT]
    assert set(significant.index[significant > 0]) == set(demo_plan.PICTURE_ONLY)
    assert set(significant.index[significant < 0]) == set(demo_plan.SOUND_ONLY)
