"""The page of a library: what a music supervisor opens. `write` fills it, a browser runs it."""
