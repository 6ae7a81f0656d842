"""Query tower and track tower of retrieval, which end in one embedding space.

The image and the text of a film are vectors of frozen or trained encoders. Each is projected to 256
values, an attention block joins them, and an embedding net ends in 64 values. A fragment of a track
is a vector of a frozen network, or log-mel that `cnn_transformer` encodes as 256 values; another
embedding net ends in the same 64 values.

The paper leaves open what is chosen here. The two projections are a sequence of two tokens that
both attend to both: with the other token as the only key, the attention weight would always be 1.
The outputs of the block are concatenated to 512 values. With one modality there is one token, and
the block is a linear map with a residual. There are four heads and 256 hidden units in the
embedding nets; the 64 values come from a last linear layer. Inputs are standardized.
"""

from collections.abc import Callable, Mapping

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from scorelens.retrieval import BANDS, EMBEDDING_SIZE
from scorelens.retrieval.model.cnn_transformer import WIDTH, CnnTransformer
from scorelens.retrieval.model.standardization import Standardizer

HIDDEN = 256  # size of a projection, a token and the hidden layer of an embedding net
HEADS = 4
# Sizes of AVCA, as published.
AVCA_HIDDEN, AVCA_WIDTH, AVCA_HEADS, AVCA_FEED_FORWARD = 512, 300, 3, 64


class AttentionBlock(nn.Module):
    """Self-attention with residual and layer norm; the tokens are concatenated."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(HIDDEN, HEADS, batch_first=True)
        self.norm = nn.LayerNorm(HIDDEN)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Apply the block to tokens (B, n, HIDDEN). Returns (B, n * HIDDEN)."""
        attended, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        return self.norm(tokens + attended).flatten(1)


def embedding_net(inputs: int, dropout: float) -> nn.Sequential:
    """Build the net that ends in the embedding space.

    Parameters
    ----------
    inputs : int
        Size of its input.
    dropout : float
        Dropout rate of the hidden layer.

    Returns
    -------
    torch.nn.Sequential
        Linear, batch norm, GELU, dropout, linear: (B, inputs) to (B, EMBEDDING_SIZE).
    """
    return nn.Sequential(
        nn.Linear(inputs, HIDDEN),
        nn.BatchNorm1d(HIDDEN),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(HIDDEN, EMBEDDING_SIZE),
    )


class QueryTower(nn.Module):
    """Embeds the vectors of a film: projections, attention block, embedding net."""

    def __init__(self, sizes: Mapping[str, int], dropout: float) -> None:
        super().__init__()
        self.standardizers = nn.ModuleDict(
            {view: Standardizer(size) for view, size in sizes.items()}
        )
        self.projections = nn.ModuleDict(
            {view: nn.Linear(size, HIDDEN) for view, size in sizes.items()}
        )
        self.block = AttentionBlock()
        self.net = embedding_net(len(sizes) * HIDDEN, dropout)

    def forward(self, views: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Embed films.

        Parameters
        ----------
        views : mapping of str to torch.Tensor
            (B, size), `image`, `text` or both. A view that is missing is its mean.

        Returns
        -------
        torch.Tensor
            (B, EMBEDDING_SIZE), unit vectors.
        """
        standardized = _standardize(self.standardizers, views)
        tokens = [self.projections[view](values) for view, values in standardized.items()]
        return _normalize(self.net(self.block(torch.stack(tokens, 1))))


class MeanQueryTower(nn.Module):
    """Query tower of the baseline: the mean of the embeddings of the image and the text.

    The paper has the mean of the normalized text and image; the nets before it are chosen here.
    """

    def __init__(self, sizes: Mapping[str, int], dropout: float) -> None:
        super().__init__()
        self.standardizers = nn.ModuleDict(
            {view: Standardizer(size) for view, size in sizes.items()}
        )
        self.nets = nn.ModuleDict(
            {view: embedding_net(size, dropout) for view, size in sizes.items()}
        )

    def forward(self, views: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Embed films.

        Parameters
        ----------
        views : mapping of str to torch.Tensor
            (B, size), `image`, `text` or both. The mean is over those that are present.

        Returns
        -------
        torch.Tensor
            (B, EMBEDDING_SIZE), unit vectors.
        """
        present = [view for view in self.nets if view in views]
        embeddings = [
            _normalize(self.nets[view](self.standardizers[view](views[view]))) for view in present
        ]
        return _normalize(torch.stack(embeddings).mean(0))


class CrossAttentionTower(nn.Module):
    """Query tower of the published baseline: cross-attention between image and text, then a mean.

    After AVCA: a net per view, a token of its output and of a learned vector that says which view
    it is, a transformer layer over the tokens, whose result is added to the outputs, and another
    net per view. The paper has the mean of the normalized embeddings. AVCA's last nets end in ReLU
    and dropout; here they end in a linear layer, as that of the track does, whose values have
    either sign.

    References
    ----------
    Mercea et al., Audio-visual generalised zero-shot learning with cross-modal attention and
    language, CVPR 2022, section 3.1.
    """

    def __init__(self, sizes: Mapping[str, int], dropout: float) -> None:
        super().__init__()
        self.standardizers = nn.ModuleDict(
            {view: Standardizer(size) for view, size in sizes.items()}
        )
        self.encoders = nn.ModuleDict(
            {
                view: nn.Sequential(
                    *_hidden_layer(size, AVCA_HIDDEN, dropout),
                    *_hidden_layer(AVCA_HIDDEN, AVCA_WIDTH, dropout),
                )
                for view, size in sizes.items()
            }
        )
        self.position = nn.Parameter(torch.randn(len(sizes), AVCA_WIDTH))
        self.attention = nn.TransformerEncoderLayer(
            AVCA_WIDTH,
            AVCA_HEADS,
            AVCA_FEED_FORWARD,
            dropout,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.nets = nn.ModuleDict({view: embedding_net(AVCA_WIDTH, dropout) for view in sizes})

    def forward(self, views: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Embed films.

        Parameters
        ----------
        views : mapping of str to torch.Tensor
            (B, size), `image`, `text` or both. A view that is missing is its mean.

        Returns
        -------
        torch.Tensor
            (B, EMBEDDING_SIZE), unit vectors.
        """
        standardized = _standardize(self.standardizers, views)
        encoded = [self.encoders[view](values) for view, values in standardized.items()]
        tokens = torch.stack(encoded, 1)
        fused = tokens + self.attention(tokens + self.position)
        embeddings = [
            _normalize(net(token))
            for net, token in zip(self.nets.values(), fused.unbind(1), strict=True)
        ]
        return _normalize(torch.stack(embeddings).mean(0))


class TrackTower(nn.Module):
    """Embeds fragments of tracks.

    Parameters
    ----------
    size : int
        Size of the vector of a fragment; 0 for log-mel.
    dropout : float
        Dropout rate of the embedding net.
    """

    def __init__(self, size: int, dropout: float) -> None:
        super().__init__()
        self.standardizer = Standardizer(size) if size else Standardizer(BANDS, 1)
        self.encoder = nn.Identity() if size else CnnTransformer()
        self.net = embedding_net(size or WIDTH, dropout)

    def forward(self, fragments: torch.Tensor, micro_batch_size: int = 0) -> torch.Tensor:
        """Embed fragments.

        Parameters
        ----------
        fragments : torch.Tensor
            (B, size) or (B, BANDS, FRAMES).
        micro_batch_size : int
            Rows that are encoded at once, see `in_micro_batches`; 0 for the whole batch.

        Returns
        -------
        torch.Tensor
            (B, EMBEDDING_SIZE), unit vectors.
        """
        size = micro_batch_size or len(fragments)
        return _normalize(self.net(in_micro_batches(self._encode, fragments, size)))

    def _encode(self, fragments: torch.Tensor) -> torch.Tensor:
        return self.encoder(self.standardizer(fragments))


def in_micro_batches(
    encoder: Callable[[torch.Tensor], torch.Tensor], inputs: torch.Tensor, size: int
) -> torch.Tensor:
    """Encode a batch that is too large for the memory, with the gradient of the whole batch.

    Only the outputs are stored. Intermediate values are computed again, one micro-batch at a time,
    when the gradient of the loss is known. So all rows of the batch are negatives of each other.

    Parameters
    ----------
    encoder : callable
        Encoder whose output for a row does not depend on other rows.
    inputs : torch.Tensor
        (B, ...).
    size : int
        Rows of a micro-batch.

    Returns
    -------
    torch.Tensor
        Outputs of the encoder, (B, ...).

    References
    ----------
    Gao et al., Scaling deep contrastive learning batch size under memory limited setup, RepL4NLP
    2021 (gradient caching).
    """
    if size >= len(inputs):
        return encoder(inputs)
    parts = inputs.split(size)
    if not torch.is_grad_enabled():
        return torch.cat([encoder(part) for part in parts])
    return torch.cat([checkpoint(encoder, part, use_reentrant=False) for part in parts])


def _hidden_layer(inputs: int, outputs: int, dropout: float) -> list[nn.Module]:
    """A hidden layer of AVCA's nets."""
    return [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU(), nn.Dropout(dropout)]


def _standardize(
    standardizers: nn.ModuleDict, views: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """The standardized views; zeros, the mean, for a view that is missing."""
    rows = len(next(iter(views.values())))
    return {
        view: each(views[view]) if view in views else each.mean.new_zeros(rows, len(each.mean))
        for view, each in standardizers.items()
    }


def _normalize(values: torch.Tensor) -> torch.Tensor:
    return functional.normalize(values.float(), dim=-1)
