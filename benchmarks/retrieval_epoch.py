"""Measure an epoch of the paper's model that trains all encoders, against a floor.

The configuration is `all`: ViT-B/16 for pictures, BERT-base for 512 tokens, the CNN-Transformer for
log-mel, batches of 16, Adam at 1e-5. Sizes are the published ones; parameters, pictures, texts and
sounds are random. The epoch is that of the workflow; on a GPU the second epoch is timed.

- floor: the arithmetic of a step, three times that of the forward pass (backward to the inputs and
  to the weights), at the rate of products of large matrices of the same precision;
- memory: peak of the GPU, or of the process on a CPU.

    python benchmarks/retrieval_epoch.py [--films N] [--tracks N] [--micro-batch-size N]
"""

import argparse
import contextlib
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from learning_encoders import BERT, VIT, make_texts

from scorelens.encoders.image import vit
from scorelens.encoders.text.bert import Bert
from scorelens.retrieval import BANDS, FRAMES
from scorelens.retrieval.data.batches import PairDataset, Rows, Split
from scorelens.retrieval.model import networks, training
from scorelens.retrieval.model.trained_encoders import PictureEncoder, TokenEncoder
from scorelens.torch_device import device

TOKENS = 512
BATCH = 16
SIDES = {"cuda": 8192, "cpu": 2048}  # of the large matrices
TIMES = 20


def make_encoders():
    torch.manual_seed(0)
    return {
        "image": PictureEncoder(vit.VisionTransformer(**VIT), vit.MEAN, vit.SCALE),
        "text": TokenEncoder(Bert(**BERT)),
    }


def make_corpus(films, tracks):
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (films, vit.SIDE, vit.SIDE, 3), np.uint8)
    texts = make_texts(random.integers(TOKENS // 4, TOKENS + 1, films), TOKENS, random)
    sounds = random.normal(-40, 15, (films * tracks, BANDS, FRAMES)).astype(np.float16)
    film_rows, track_rows = np.arange(films), np.arange(films * tracks)
    views = {"image": Rows(pictures, film_rows), "text": Rows(texts, film_rows)}
    return PairDataset(views, Rows(sounds, track_rows), track_rows // tracks)


def synchronize():
    if device().type == "cuda":
        torch.cuda.synchronize()


@contextlib.contextmanager
def timed_epochs():
    """Yield a list that collects the seconds of each epoch trained in the block."""
    epoch, spent_s = training._train_epoch, []

    def timed(*work):
        synchronize()
        start = time.perf_counter()
        loss = epoch(*work)
        synchronize()
        spent_s.append(time.perf_counter() - start)
        return loss

    training._train_epoch = timed
    try:
        yield spent_s
    finally:
        training._train_epoch = epoch


def train(corpus, micro_batch_size):
    """One epoch, or two on a GPU. Returns the seconds of the last, and the losses."""
    films = int(corpus.film[-1]) + 1
    settings = {
        "learning_rate": 1e-5,
        "batch_size": BATCH,
        "micro_batch_size": micro_batch_size,
        "epochs": 2 if device().type == "cuda" else 1,
        "patience": 3,
        "dropout": 0.3,
        "margin": 0.2,
    }
    split = Split(np.arange(films), np.arange(0), np.arange(0))
    with timed_epochs() as spent_s:
        trained = training.train_configuration(
            "all", corpus, split, settings, 0, encoders=make_encoders()
        )
    return spent_s[-1], trained.losses[:, 0].tolist()


def operations(corpus):
    """Floating-point operations of the forward pass of one pair."""
    cpu, encoders = torch.device("cpu"), make_encoders()
    model = networks.RetrievalModel("all", networks.Sizes(768, 768, 0), encoders=encoders)
    parts = {**corpus.views, "sound": corpus.fragments}
    rows = {name: networks.to_tensor(part.values[:1], cpu) for name, part in parts.items()}
    counter = FlopCounterMode(display=False)
    # The counter counts matrix products only, so attention uses the math backend.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        for view, encoder in encoders.items():
            encoder(rows[view])
        model.track_tower.encoder(rows["sound"])
    return counter.get_total_flops()


def precision():
    return torch.bfloat16 if training._supports_bfloat16(device()) else torch.float32


def multiply():
    """Operations per second of a product of large matrices, for the floor."""
    side = SIDES[device().type]
    factor = torch.randn(side, side, device=device()).to(precision())
    best_s = np.inf
    for _ in range(TIMES):
        synchronize()
        start = time.perf_counter()
        torch.mm(factor, factor)
        synchronize()
        best_s = min(best_s, time.perf_counter() - start)
    return 2 * side**3 / best_s


def device_name():
    if device().type == "cuda":
        return torch.cuda.get_device_name()
    return f"CPU, {torch.get_num_threads()} threads"


def memory_mb():
    if device().type == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--films", type=int, default=16)
    parser.add_argument("--tracks", type=int, default=1, help="tracks of a film: pairs of an epoch")
    parser.add_argument("--micro-batch-size", type=int, default=0, help="rows at once; 0: all")
    arguments = parser.parse_args()
    corpus = make_corpus(arguments.films, arguments.tracks)
    epoch_s, losses = train(corpus, arguments.micro_batch_size)
    peak_mb = memory_mb()
    pairs, steps = (
        arguments.films * arguments.tracks,
        arguments.tracks * -(-arguments.films // BATCH),
    )
    step_ms = 1e3 * epoch_s / steps
    rate = multiply()
    floor_ms = 1e3 * 3 * operations(corpus) * pairs / steps / rate
    figures = {
        "films": arguments.films,
        "pairs": pairs,
        "batches": steps,
        "micro_batch_size": arguments.micro_batch_size,
        "epoch_s": round(epoch_s, 2),
        "step_ms": round(step_ms, 1),
        "pairs_per_s": round(pairs / epoch_s, 1),
        "floor_ms": round(floor_ms, 1),
        "over_floor": round(step_ms / floor_ms, 2),
        "matrix_tflops": round(rate / 1e12, 3),
        "peak_mb": round(peak_mb),
        "dtype": str(precision()).removeprefix("torch."),
        "device": device_name(),
        "losses": [round(loss, 3) for loss in losses],
    }
    for name, value in figures.items():
        print(f"{name:14s} {value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
