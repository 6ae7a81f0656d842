"""The page of searches: what a music supervisor opens. `write` fills it, a browser runs it."""
