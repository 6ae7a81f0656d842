"""The demo corpus of trailers."""
