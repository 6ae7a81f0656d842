"""Brightness, contrast, saturation and colourfulness of a film's picture, once a second."""
