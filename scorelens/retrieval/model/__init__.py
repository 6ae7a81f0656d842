"""Models of retrieval: networks, losses, training and model files."""
