"""The data of trailers: their table, sampled frames and sound, embeddings, datasets."""
