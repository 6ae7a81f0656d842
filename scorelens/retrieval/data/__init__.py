"""Data of retrieval: film descriptions, subtitles, the split by year, and batches of pairs."""
