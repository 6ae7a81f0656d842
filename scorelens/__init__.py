"""scorelens: from films and soundtrack albums to cues, features and genre models."""

__version__ = "0.1.0"
