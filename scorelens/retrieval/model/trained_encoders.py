"""Networks of pictures and texts that are trained with a model of retrieval, as in the paper.

They start from their published variables. In training they take pictures and tokens, instead
of the embeddings of the frozen networks; what they then give is a view of the model like any other.
Their parameters are in the model file.
"""

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import safetensors
import torch
from torch import nn
from torch.nn import functional

from scorelens.encoders import image_encoder, text_encoder
from scorelens.encoders.image_files import read_image
from scorelens.encoders.registry import IMAGE, TEXT
from scorelens.encoders.text_encoder import Text, film_texts
from scorelens.retrieval import text_segment, uses_image
from scorelens.retrieval.data.batches import Rows
from scorelens.retrieval.data.collect_errors import map_collecting_errors
from scorelens.retrieval.data.films import read_paragraphs
from scorelens.retrieval.embed.embed_texts import FilmTexts

PREFIX = "encoders."  # of their parameters in a model file


class PictureEncoder(nn.Module):
    """A network of pictures, with the preparation of the pixels that it was published with.

    Parameters
    ----------
    network : torch.nn.Module
        Takes float32 (B, 3, 224, 224), returns (B, size).
    mean, scale : float or sequence of float
        Of the pixels: (x - mean) / scale, for all channels or one by one.
    """

    def __init__(
        self, network: nn.Module, mean: float | Sequence[float], scale: float | Sequence[float]
    ) -> None:
        super().__init__()
        self.network = network
        for name, value in (("mean", mean), ("scale", scale)):
            values = torch.as_tensor(value, dtype=torch.float32).reshape(-1, 1, 1)
            self.register_buffer(name, values, persistent=False)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Embed pictures, uint8 (B, 224, 224, 3). Returns (B, size)."""
        return self.network((pictures.permute(0, 3, 1, 2).float() - self.mean) / self.scale)


class TokenEncoder(nn.Module):
    """A network of texts: the mean over their tokens, scaled to length 1.

    Parameters
    ----------
    network : torch.nn.Module
        Takes tokens and a mask, both (B, n), and returns states (B, n, size); `padding` is the
        token behind the end of a text.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Embed texts: int (B, n), padded behind their ends. Returns unit vectors (B, size)."""
        mask = tokens != self.network.padding
        return functional.normalize(text_encoder.mean_state(self.network(tokens, mask), mask))


class TrainedEncoders(NamedTuple):
    """The networks that are trained with a model, and what they take of each film.

    Attributes
    ----------
    networks : mapping of str to (str, path)
        `image` and `text`: name in the registry, and its published variables.
    pictures : mapping of str to path
        By film id.
    texts : mapping of str to FilmTexts
        By film id.
    """

    networks: Mapping[str, tuple[str, str | os.PathLike]]
    pictures: Mapping[str, str | os.PathLike]
    texts: Mapping[str, FilmTexts]

    def load(self, configuration: str) -> dict[str, nn.Module]:
        """Load the networks of the views of a configuration, with their published variables.

        Parameters
        ----------
        configuration : str
            A name of CONFIGURATIONS.

        Returns
        -------
        dict of str to torch.nn.Module
            By view, for `training.train_configuration`.
        """
        modules: dict[str, nn.Module] = {}
        if uses_image(configuration):
            name, weights = self.networks[IMAGE]
            module = image_encoder.network_module(name)
            network = image_encoder.load(name, weights).network
            modules[IMAGE] = PictureEncoder(network, module.MEAN, module.SCALE)
        if text_segment(configuration):
            modules[TEXT] = TokenEncoder(text_encoder.load(*self.networks[TEXT]).network)
        return modules

    def read_inputs(self, segments: Sequence[str], films: Sequence[str]) -> dict[str, Rows]:
        """Read the pictures and the tokens of films, instead of their embeddings.

        Parameters
        ----------
        segments : sequence of str
            `image`, `tags`, `plot`, `tags_plot`, as in `dataset.RetrievalDataset.vectors`.
        films : sequence of str
            Film ids; each has the inputs of these segments.

        Returns
        -------
        dict of str to Rows
            By segment: pictures, uint8 (n, 224, 224, 3), or tokens, int32 (n, longest).

        Raises
        ------
        InputError
            With every picture or plot that cannot be read.
        """
        rows = {}
        if IMAGE in segments:
            pictures = map_collecting_errors(read_image, [self.pictures[film] for film in films])
            rows[IMAGE] = Rows(np.stack([*pictures]), np.arange(len(films)))
        if words := [segment for segment in segments if segment != IMAGE]:
            encoder = text_encoder.load(*self.networks[TEXT])
            texts = [*map_collecting_errors(_segments, [self.texts[film] for film in films])]
            for segment in words:
                by_film = [encoder.tokenize(of_film[segment]) for of_film in texts]
                rows[segment] = _token_rows(by_film, encoder.network.padding)
        return rows


def open_encoders(
    networks: Mapping[str, str],
    weights: Sequence[str | os.PathLike],
    films: Sequence[tuple[str, str | None, Sequence[str], str | None]],
) -> TrainedEncoders | None:
    """Collect the networks that are trained with a model, and their inputs.

    Parameters
    ----------
    networks : mapping of str to str
        Name of the network by view: `image`, `text`.
    weights : sequence of path
        The variables of each.
    films : sequence of (str, path or None, sequence of str, path or None)
        Id, picture, tags and plot of each film.

    Returns
    -------
    TrainedEncoders or None
        None if no network is trained.
    """
    if not networks:
        return None
    pairs = zip(networks.items(), weights, strict=True)
    return TrainedEncoders(
        {view: (name, path) for (view, name), path in pairs},
        {film_id: picture for film_id, picture, _, _ in films if picture},
        {film_id: FilmTexts(film_id, tags, plot) for film_id, _, tags, plot in films},
    )


def load_trained(network: nn.Module, model: str | os.PathLike, view: str) -> None:
    """Load the parameters of a trained network from a model file into the network.

    Parameters
    ----------
    network : torch.nn.Module
        The network of the view, as the registry has it.
    model : path
        A model file.
    view : str
        `image` or `text`.
    """
    prefix = f"{PREFIX}{view}.network."
    with safetensors.safe_open(model, "pt") as file:
        names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118
        state = {name.removeprefix(prefix): file.get_tensor(name) for name in names}
    network.load_state_dict(state)


def _segments(texts: FilmTexts) -> dict[str, list[Text]]:
    """The texts of a film, by segment."""
    return film_texts(texts.tags, read_paragraphs(texts.plot) if texts.plot else [])


def _token_rows(by_film: Sequence[Sequence[Sequence[int]]], padding: int) -> Rows:
    """Tokens of the texts of each film as one padded array; texts without one are out."""
    owned = [(film, row) for film, rows in enumerate(by_film) for row in rows if row]
    tokens = np.full((len(owned), max(len(row) for _, row in owned)), padding, np.int32)
    for number, (_, row) in enumerate(owned):
        tokens[number, : len(row)] = row
    return Rows(tokens, np.array([film for film, _ in owned]))
