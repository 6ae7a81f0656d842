"""Embeddings that retrieval needs of pictures, texts, tracks and scenes."""
