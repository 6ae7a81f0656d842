"""The trained parts of retrieval: two towers that end in one space.

A film's image and text are vectors of frozen or trained encoders. Each is projected to 256 values;
an attention block joins them; an embedding net ends in 64. A track's fragment is a vector of a
frozen network, or log-mel that the CNN-Transformer of `sound` makes 256 values of; another
embedding net ends in the same 64.

What the paper leaves open and is chosen here. The two projections are a sequence of two tokens, and
each attends to both: with the other's as the only key the attention's weight would always be 1, of
whatever was asked. The block's tokens side by side are the 512. With one modality there is one
token, and the same block is a linear map with a residual. Four heads; 256 hidden units in the
embedding nets; 64 is a last linear layer. Inputs are standardised: see `Scale`.
"""

from collections.abc import Callable, Mapping
from math import log
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from scorelens.retrieval import BANDS, BASELINE, EMBEDDING, sees_image, text_segment
from scorelens.retrieval.model.cnn_transformer import WIDTH, SoundEncoder
from scorelens.torch_device import device

HIDDEN = 256  # of a projection, a token and an embedding net
HEADS = 4
TEMPERATURE = 0.07  # at the start, as in CLIP
LEAST_TEMPERATURE = 0.01  # as in CLIP
ROWS_AT_ONCE = 64  # of fragments that are asked about; bounds the memory


class Sizes(NamedTuple):
    """Values of an image's, a text's and a fragment's vector; audio 0 stands for log-mel."""

    image: int
    text: int
    audio: int


class Scale(nn.Module):
    """Inputs less their mean, times one gain for all: on average 1 in size on the training films.

    One gain, so that a value that hardly ever moves is not blown up. Of log-mel the mean is a
    band's.
    """

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("gain", torch.ones(()))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """values: (B, *shape), shape broadcast."""
        return (values - self.mean) * self.gain


class AttentionBlock(nn.Module):
    """Tokens (B, n, HIDDEN) that attend to one another, residual and norm, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(HIDDEN, HEADS, batch_first=True)
        self.norm = nn.LayerNorm(HIDDEN)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Returns (B, n * HIDDEN)."""
        heard, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        return self.norm(tokens + heard).flatten(1)


def embedding_net(inputs: int, dropout: float) -> nn.Sequential:
    """Linear, batch norm, GELU, dropout, linear: (B, inputs) to (B, EMBEDDING)."""
    return nn.Sequential(
        nn.Linear(inputs, HIDDEN),
        nn.BatchNorm1d(HIDDEN),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(HIDDEN, EMBEDDING),
    )


class Query(nn.Module):
    """A film's vectors to its place: projections, attention block, embedding net."""

    def __init__(self, sizes: Mapping[str, int], dropout: float) -> None:
        super().__init__()
        self.scales = nn.ModuleDict({view: Scale(size) for view, size in sizes.items()})
        self.projections = nn.ModuleDict(
            {view: nn.Linear(size, HIDDEN) for view, size in sizes.items()}
        )
        self.block = AttentionBlock()
        self.net = embedding_net(len(sizes) * HIDDEN, dropout)

    def forward(self, views: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """views: (B, size) of `image`, `text` or both. Returns (B, EMBEDDING), length 1."""
        seen = _standardised(self.scales, views)
        tokens = [self.projections[view](values) for view, values in seen.items()]
        return _unit(self.net(self.block(torch.stack(tokens, 1))))


class MeanQuery(nn.Module):
    """The baseline's: each view has a net of its own, and the mean of their places is the film's.

    The paper has the mean of the normalised text and image and no more; the nets are chosen here.
    """

    def __init__(self, sizes: Mapping[str, int], dropout: float) -> None:
        super().__init__()
        self.scales = nn.ModuleDict({view: Scale(size) for view, size in sizes.items()})
        self.nets = nn.ModuleDict(
            {view: embedding_net(size, dropout) for view, size in sizes.items()}
        )

    def forward(self, views: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """As `Query.forward`; a view that is not given has no say in the mean."""
        seen = [view for view in self.nets if view in views]
        places = [_unit(self.nets[view](self.scales[view](views[view]))) for view in seen]
        return _unit(torch.stack(places).mean(0))


class Audio(nn.Module):
    """A fragment to its place. size: of its vector; 0 if it is log-mel."""

    def __init__(self, size: int, dropout: float) -> None:
        super().__init__()
        self.scale = Scale(size) if size else Scale(BANDS, 1)
        self.encoder = nn.Identity() if size else SoundEncoder()
        self.net = embedding_net(size or WIDTH, dropout)

    def forward(self, fragments: torch.Tensor, piece: int = 0) -> torch.Tensor:
        """fragments: (B, size) or (B, BANDS, FRAMES). piece: see `in_pieces`; 0 for all at once.

        Returns (B, EMBEDDING), length 1.
        """
        return _unit(self.net(in_pieces(self._heard, fragments, piece or len(fragments))))

    def _heard(self, fragments: torch.Tensor) -> torch.Tensor:
        return self.encoder(self.scale(fragments))


class Retrieval(nn.Module):
    """Both towers of one configuration, and the temperature of its loss.

    encoders: networks that make the vectors of a view, if they are to learn too, as in the paper;
    that view's rows are then what its encoder takes, such as pictures or tokens.
    """

    def __init__(
        self,
        configuration: str,
        sizes: Sizes,
        dropout: float = 0.3,
        encoders: Mapping[str, nn.Module] | None = None,
    ) -> None:
        super().__init__()
        tower = MeanQuery if configuration == BASELINE else Query
        self.encoders = nn.ModuleDict(encoders or {})
        self.query = tower(views_of(configuration, sizes), dropout)
        self.audio = Audio(sizes.audio, dropout)
        self.log_scale = nn.Parameter(torch.tensor(-log(TEMPERATURE)))

    def ask(self, views: Mapping[str, torch.Tensor], piece: int = 0) -> torch.Tensor:
        """The places of films, as `Query.forward`. piece: see `in_pieces`; 0 for all at once."""
        vectors = {
            view: in_pieces(self.encoders[view], rows, piece or len(rows))
            for view, rows in views.items()
            if view in self.encoders
        }
        return self.query({**views, **vectors})

    def scale(self) -> torch.Tensor:
        """1 / the temperature, clamped."""
        return self.log_scale.clamp(max=-log(LEAST_TEMPERATURE)).exp()


def views_of(configuration: str, sizes: Sizes) -> dict[str, int]:
    """The vectors that a configuration takes of a film, `image` and `text`, with their sizes."""
    views = {"image": sizes.image} if sees_image(configuration) else {}
    return views | ({"text": sizes.text} if text_segment(configuration) else {})


def in_pieces(
    encoder: Callable[[torch.Tensor], torch.Tensor], inputs: torch.Tensor, piece: int
) -> torch.Tensor:
    """An encoder's outputs of a batch that is too large for the memory, gradients included.

    Only the outputs are kept; what leads to them is computed once more, piece by piece, when the
    gradient of the whole batch's loss is known. So all of the batch are one another's negatives, as
    in gradient caching (Gao et al. 2021), and the gradient is that of the batch as a whole, if the
    encoder's rows do not hang on one another. piece: rows at a time.
    """
    if piece >= len(inputs):
        return encoder(inputs)
    parts = inputs.split(piece)
    if not torch.is_grad_enabled():
        return torch.cat([encoder(part) for part in parts])
    return torch.cat([checkpoint(encoder, part, use_reentrant=False) for part in parts])


def load_model(
    configuration: str,
    sizes: Sizes,
    arrays: Mapping[str, np.ndarray],
    encoders: Mapping[str, nn.Module] | None = None,
) -> Retrieval:
    """A trained model that is ready to be asked.

    sizes, arrays: of `training.Trained`. encoders: those that learnt too, in the same shapes.
    """
    model = Retrieval(configuration, sizes, encoders=encoders)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
    return model.to(device()).eval()


@torch.no_grad()
def embed_queries(model: Retrieval, views: Mapping[str, np.ndarray]) -> np.ndarray:
    """The places of films.

    views: (n, size) of `image`, `text` or both, or what the view's encoder takes. A view that the
    model knows and that is not given is at 0 on its scale, where the mean training film is (with an
    encoder, at a vector of zeros), and says nothing; the baseline takes the mean of those that are
    given. Returns float32 (n, EMBEDDING), length 1.
    """
    own = next(model.parameters()).device
    return model.ask({view: to_tensor(rows, own) for view, rows in views.items()}).cpu().numpy()


@torch.no_grad()
def embed_fragments(model: Retrieval, fragments: np.ndarray) -> np.ndarray:
    """The places of fragments, (n, size) or (n, BANDS, FRAMES): float32 (n, EMBEDDING)."""
    own = next(model.parameters()).device
    starts = range(0, len(fragments), ROWS_AT_ONCE)
    pieces = (to_tensor(fragments[start : start + ROWS_AT_ONCE], own) for start in starts)
    return torch.cat([model.audio(piece) for piece in pieces]).cpu().numpy()


def embed_tracks(model: Retrieval, fragments: np.ndarray, track: np.ndarray) -> np.ndarray:
    """The places of tracks: the mean of their fragments' places, made 1 in length again.

    fragments: as in `embed_fragments`. track: int (n,), rising from 0, with none left out. Returns
    float32 (tracks, EMBEDDING).
    """
    places = embed_fragments(model, fragments)
    sums = np.add.reduceat(places, np.searchsorted(track, np.arange(track[-1] + 1)), axis=0)
    return sums / np.linalg.norm(sums, axis=1, keepdims=True).clip(np.finfo(np.float32).tiny)


def to_tensor(values: np.ndarray, place: torch.device) -> torch.Tensor:
    """An array on a device; half precision becomes float32, whole numbers stay."""
    tensor = torch.from_numpy(np.require(values, requirements="CW")).to(place)
    return tensor.float() if tensor.is_floating_point() else tensor


def _standardised(
    scales: nn.ModuleDict, views: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """The views, each on its scale; one that is not given is its mean, 0 everywhere."""
    rows = len(next(iter(views.values())))
    return {
        view: scale(views[view]) if view in views else scale.mean.new_zeros(rows, len(scale.mean))
        for view, scale in scales.items()
    }


def _unit(values: torch.Tensor) -> torch.Tensor:
    return functional.normalize(values.float(), dim=-1)
