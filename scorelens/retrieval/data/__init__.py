"""The data of retrieval: films, their texts and pictures, tracks, splits and batches."""
