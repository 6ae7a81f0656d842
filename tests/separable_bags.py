"""Bags of cues whose features tell the genres of their films, and their tables."""

import numpy as np
import pandas as pd

from scorelens.learning.packed_bags import Bags
from scorelens.tables import BAGS, FILMS, write_table

GENRES = ["Action", "Drama", "Horror"]


def make_corpus(films=20, features=6, shift=3.0, seed=0):
    """Bags of 2 to 5 cues, in which each genre shifts one feature by `shift`, and their labels."""
    random = np.random.default_rng(seed)
    actual = random.random((films, len(GENRES))) < 0.5
    sizes = random.integers(2, 6, films)
    noise = random.standard_normal((sizes.sum(), features)).astype(np.float32)
    noise[:, : len(GENRES)] += shift * np.repeat(actual, sizes, axis=0)
    noise[random.random(noise.shape) < 0.05] = np.nan
    return Bags(noise, np.concatenate([[0], np.cumsum(sizes)])), actual


def write_corpus(folder, bags, actual, without_cues=()):
    """Write the tables of a corpus, `films.tsv` and `bags.parquet`."""
    ids = [f"film_{k:02d}" for k in range(len(actual))]
    films = pd.DataFrame({"film_id": ids, "title": ids, "year": 2015})
    films["genres"] = [tuple(np.array(GENRES)[row]) or GENRES[:1] for row in actual]
    films = films.assign(duration_s=60.0, has_picture=True, tracks=1)
    write_table(films, folder / "films.tsv", FILMS)
    table = pd.DataFrame(
        bags.instances, columns=[f"a.b{k}.mean" for k in range(bags.instances.shape[1])]
    )
    table["film_id"] = np.array(ids)[bags.bag_of_instance]
    table["cue_id"] = [f"cue_{k}" for k in range(len(table))]
    table["n_frames"] = 5
    write_table(table[~table["film_id"].isin(without_cues)], folder / "bags.parquet", BAGS)
