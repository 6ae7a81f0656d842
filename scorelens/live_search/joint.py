"""A joint network of texts and music that the user has exported: words against sound directly.

The network is three local files: its music half and its text half, exported by `torch.export`, and
the tokenizer of the text half. Networks such as CLAP or MuQ-MuLan can be exported so; none is
fetched, and none was run here. What a network does to samples first (log-mel and so on) belongs
into the export.
"""

import hashlib
import os
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from tqdm import tqdm

from scorelens import media, tables
from scorelens.errors import ConfigError, MediaError, Problem
from scorelens.live_search.catalogue import Catalogue
from scorelens.live_search.settings import Joint
from scorelens.live_search.trained import Trained

FOLDER = Path("search", "joint")  # in the folder of the results
SAVE_EVERY = 50  # tracks
TINY = 1e-9  # of a length


class JointNetwork:
    """The two halves of a network, loaded.

    Parameters
    ----------
    joint : Joint

    Raises
    ------
    ConfigError
        If a file is absent, or is none that can be loaded.
    """

    def __init__(self, joint: Joint) -> None:
        self.settings = joint
        self.audio, self.text = _load_export(joint.audio), _load_export(joint.text)
        try:
            self.tokenizer = Tokenizer.from_file(_existing(joint.tokenizer))
        except Exception as error:  # the library raises no other class
            raise _unusable(joint.tokenizer, str(error), "a tokenizer (tokenizer.json)") from error
        self.tokenizer.enable_truncation(joint.max_tokens)
        self.tokenizer.enable_padding(length=joint.max_tokens)

    def embed_window(self, samples: np.ndarray) -> np.ndarray:
        """Embed a window of music.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            Mono, -1..1, at the rate of the network; padded with 0, or cut off, to its window.

        Returns
        -------
        ndarray of float32, shape (size,)
            Of length 1.
        """
        window = np.zeros(round(self.settings.window_s * self.settings.sample_rate_hz), np.float32)
        samples = samples[: len(window)]
        window[: len(samples)] = samples
        return _embed(self.audio, self.settings.audio, torch.from_numpy(window[None]))

    def embed_words(self, words: str) -> np.ndarray:
        """Embed a text: float32 (size,), of length 1."""
        encoded = self.tokenizer.encode(words)
        rows = (torch.tensor([row]) for row in (encoded.ids, encoded.attention_mask))
        return _embed(self.text, self.settings.text, *rows)


def load_joint(joint: Joint, results: Path, catalogue: Catalogue, build: bool) -> Trained:
    """Load a joint network, with the tracks of an index embedded by it.

    Parameters
    ----------
    joint : Joint
    results : Path
        Folder of the results; embeddings are kept there.
    catalogue : Catalogue
        Tracks and the starts of their passages; a window begins where a passage does.
    build : bool
        Whether tracks that are not embedded yet are embedded now.

    Returns
    -------
    Trained
        Answers words.

    Raises
    ------
    ConfigError
        If the files of the network cannot be used, or tracks are not embedded and `build` is not
        set.
    """
    music = (media.sha256(_existing(joint.audio)), joint.sample_rate_hz, joint.window_s)
    path = results / FOLDER / f"{hashlib.sha256(repr(music).encode()).hexdigest()[:16]}.npz"
    known = _stored(path)
    names = track_names(catalogue)
    stale = [row for row, name in enumerate(names) if name not in known]
    network = cache(lambda: JointNetwork(joint))
    if stale and not build:
        what = f"{len(stale)} tracks are not embedded by it"
        hint = "`scorelens search --update` does it"
        raise ConfigError(Problem("config: live_search.joint", what, "an index by it", hint))
    for count, row in enumerate(tqdm(stale, unit="track", disable=None), 1):
        known[names[row]] = embed_track(network(), catalogue, row)
        if count % SAVE_EVERY == 0 or count == len(stale):
            _store(path, known)
    vectors = np.stack([known[name] for name in names])

    def of_words(words: str, tags: Sequence[str]) -> np.ndarray:
        return network().embed_words(", ".join(filter(None, [words, *tags])))

    return Trained(Path(joint.audio).stem, ("text",), vectors, of_words, None)


def track_names(catalogue: Catalogue) -> list[str]:
    """Id and digest of each track: what tells whether it was embedded as it is."""
    tracks = catalogue.tracks
    return [f"{i} {d}" for i, d in zip(tracks["track_id"], tracks["digest"], strict=True)]


def embed_track(network: JointNetwork, catalogue: Catalogue, row: int) -> np.ndarray:
    """Embed a track: the mean of its windows, of length 1.

    Parameters
    ----------
    network : JointNetwork
    catalogue : Catalogue
    row : int
        Of the track.

    Returns
    -------
    ndarray of float32, shape (size,)
        Zeros, which are like nothing, if the file does not decode.
    """
    track = catalogue.tracks.iloc[row]
    starts = catalogue.start_s[catalogue.track == row] + track["file_start_s"]
    settings = network.settings
    windows = []
    try:
        for start_s in starts:
            end_s = np.fmin(start_s + settings.window_s, track["file_end_s"])
            sound = media.Sound(track["path"], float(start_s), float(end_s))
            blocks = [*media.audio_blocks(sound, settings.sample_rate_hz)]
            windows.append(network.embed_window(np.concatenate([np.zeros(0, np.float32), *blocks])))
    except MediaError:
        windows = []
    if not windows:
        return np.zeros_like(network.embed_window(np.zeros(0, np.float32)))
    mean = np.mean(windows, axis=0)
    return mean / max(np.linalg.norm(mean), TINY)


@torch.inference_mode()
def _embed(half: torch.nn.Module, path: str, *inputs: torch.Tensor) -> np.ndarray:
    try:
        values = half(*inputs)[0].numpy()
    except (AssertionError, RuntimeError, TypeError) as error:
        shapes = " and ".join(str(tuple(part.shape)) for part in inputs)
        expected = "a network that takes them; see docs/live_search.md"
        raise _unusable(path, f"it does not take {shapes}: {error}", expected) from error
    return values / max(np.linalg.norm(values), TINY)


def _load_export(path: str) -> torch.nn.Module:
    if not zipfile.is_zipfile(_existing(path)):
        raise _unusable(path, "it is no archive", "a file of torch.export.save")
    try:
        return torch.export.load(path).module()
    except (RuntimeError, ValueError, KeyError) as error:
        raise _unusable(path, str(error), "a file of torch.export.save") from error


def _existing(path: str) -> str:
    if not os.path.isfile(path):
        raise ConfigError(Problem(path, "does not exist", "a file of live_search.joint"))
    return path


def _unusable(path: str, reason: str, expected: str) -> ConfigError:
    first = reason.strip().split("\n")[0]
    return ConfigError(Problem(path, f"cannot be used ({first})", expected))


def _stored(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as stored:
        return dict(zip(stored["names"].tolist(), stored["values"], strict=True))


def _store(path: Path, known: dict[str, np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tables.atomic(path) as temporary, temporary.open("wb") as file:
        np.savez(file, names=np.array([*known]), values=np.stack([*known.values()]))
