"""The demo of trailers: trailers cut from films, and synthetic ones."""
