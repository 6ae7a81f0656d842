"""What a user can choose of the live search: the block `live_search` of the settings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Choices of the live search.

    Attributes
    ----------
    text : str
        Network of the bridge's words, a name in the registry of encoders.
    """

    text: str = "minilm"


DEFAULT = Settings()
