"""The settings of the live search: the block `live_search` of the configuration."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Joint:
    """A joint network of texts and music in local files.

    Attributes
    ----------
    audio, text : str
        Paths of its halves, exported by `torch.export`.
    tokenizer : str
        Path of the tokenizer of the text half.
    sample_rate_hz : int
    window_s : float
        Music that is embedded at once, s.
    max_tokens : int
        Tokens of a text; shorter ones are padded, longer ones cut off.
    """

    audio: str
    text: str
    tokenizer: str
    sample_rate_hz: int
    window_s: float
    max_tokens: int


@dataclass(frozen=True)
class Settings:
    """Choices of the live search.

    Attributes
    ----------
    text : str
        Network of the bridge's words, a name in the registry of encoders.
    joint : Joint or None
        The network that answers words in place of the bridge.
    """

    text: str = "minilm"
    joint: Joint | None = None


DEFAULT = Settings()
