"""Inputs of the retrieval rules for synthetic films: vectors, the gathered dataset, a model."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from planted_films import planted_parts

from scorelens.retrieval import CONFIGURATIONS
from scorelens.retrieval.data.gather import gather_retrieval
from scorelens.retrieval.model.train import train_retrieval
from scorelens.tables import RETRIEVAL_FRAGMENTS, RETRIEVAL_IMAGES, RETRIEVAL_TEXTS, write_table

YEARS = {"training": 2021, "validation": 2022, "test": 2023}
SPLIT = {"last_training": 2021, "first_test": 2023}
ENCODERS = {"image": "efficientnet_lite0", "text": "minilm", "audio": "musicnn"}
SETTINGS = {
    "learning_rate": 1e-3,
    "batch_size": 16,
    "micro_batch_size": 0,
    "epochs": 3,
    "patience": 3,
    "dropout": 0.3,
    "margin": 0.2,
}


class Inputs(NamedTuple):
    """Films as dicts, one table of fragments per film, and tables of image and text vectors."""

    described: list[dict]
    sounds: list
    images: object
    texts: object


def write_inputs(folder, planted="image", films=(96, 20, 100), test_vectors=None, seed=0):
    """Write the tables of synthetic films. films: numbers of training, validation and test films.

    test_vectors: a generator of numbers that replace all vectors of test films.
    """
    vectors, fragments, film = planted_parts(planted, films=sum(films), seed=seed)
    audio = fragments.values
    if test_vectors:
        vectors = {
            part: replace_test_rows(rows, films, test_vectors) for part, rows in vectors.items()
        }
        tests = film[fragments.owner] >= films[0] + films[1]
        audio = np.where(tests[:, None], test_vectors.normal(size=audio.shape), audio)
    ids = [f"film_{number:03d}" for number in range(sum(films))]
    years = np.repeat(list(YEARS.values()), films)
    described = [
        {"film_id": film_id, "title": film_id.title(), "year": int(year), "tags": ("sad", "slow")}
        for film_id, year in zip(ids, years, strict=True)
    ]
    folder.mkdir(parents=True)
    return Inputs(
        described,
        write_fragments(folder / "sounds", ids, audio, fragments.owner, film),
        write_images(folder / "images.parquet", ids, vectors["image"]),
        write_texts(folder / "texts.parquet", ids, vectors["tags"], vectors["plot"]),
    )


def replace_test_rows(rows, films, random):
    is_trained_on = np.arange(len(rows)) < films[0] + films[1]
    return np.where(is_trained_on[:, None], rows, random.normal(size=rows.shape))


def write_fragments(folder, ids, values, track, film):
    paths = []
    for number, film_id in enumerate(ids):
        of_film = film[track] == number
        frame = vector_table(
            {"track_id": [f"t{index:04d}" for index in track[of_film]]},
            values[of_film],
        )
        paths.append(folder / f"{film_id}.parquet")
        write_table(frame.assign(start_s=0.0), paths[-1], RETRIEVAL_FRAGMENTS)
    return paths


def write_images(path, ids, values):
    write_table(vector_table({"film_id": ids, "sha256": "0"}, values), path, RETRIEVAL_IMAGES)
    return path


def write_texts(path, ids, tags, plots):
    """Two paragraphs of every plot; the second is half the first. Unordered."""
    zeros, second = np.zeros_like(tags), plots / 2
    rows = [
        text_rows(ids, "plot", 1, zeros, second),
        text_rows(ids, "tags_plot", 1, tags, second),
        text_rows(ids, "tags", 0, tags, zeros),
        text_rows(ids, "plot", 0, zeros, plots),
        text_rows(ids, "tags_plot", 0, tags, plots),
    ]
    write_table(pd.concat(rows, ignore_index=True), path, RETRIEVAL_TEXTS)
    return path


def text_rows(ids, segment, paragraph, *values):
    columns = {"film_id": ids, "segment": segment, "paragraph": paragraph, "sha256": "0"}
    return vector_table(columns, np.concatenate(values, axis=1))


def vector_table(columns, values):
    names = [f"v{number:02d}" for number in range(values.shape[1])]
    return pd.concat(
        [pd.DataFrame(columns), pd.DataFrame(values.astype(np.float32), columns=names)], axis=1
    )


def gather(inputs, folder, configurations=tuple(CONFIGURATIONS), split=SPLIT, groups=None):
    """Gather into a folder. Returns the arguments of `read_dataset`."""
    outputs = {
        "films": folder / "films.tsv",
        "tracks": folder / "tracks.tsv",
        "fragments": folder / "fragments.npy",
    }
    chosen = {"configurations": configurations, "split": split, "groups": groups}
    gather_retrieval(**inputs._asdict(), **chosen, **outputs)
    return {**outputs, "images": inputs.images, "texts": inputs.texts}


def train_model(configuration, dataset, folder, seed=1, settings=SETTINGS):
    """Train one model. Returns its outputs."""
    outputs = {
        "model": folder / f"{configuration}.safetensors",
        "curve": folder / f"{configuration}.tsv",
        "embeddings": folder / f"{configuration}.parquet",
    }
    checkpoint = folder / "checkpoint.safetensors"
    train_retrieval(configuration, dataset, ENCODERS, settings, seed, checkpoint, outputs)
    return outputs
