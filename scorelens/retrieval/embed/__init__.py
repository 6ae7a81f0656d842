"""Embeddings of the images, texts and tracks of films for retrieval."""
