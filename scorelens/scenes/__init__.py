"""Scenes: the cues of films, with embeddings of the frames on screen during each."""
