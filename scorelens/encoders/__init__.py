"""Pretrained networks that turn sound, pictures and text into embeddings."""
