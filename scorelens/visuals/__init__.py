"""Visuals: brightness, contrast, colour, cuts and motion of a film's picture, once a second."""
