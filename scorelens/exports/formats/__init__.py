"""Formats of a film's cues: a module with `write_film(film, path)` for each in the registry."""
