"""Films with known cues whose music is treated: albums, signals, plans, mixing and scores."""
