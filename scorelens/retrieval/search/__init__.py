"""Search of retrieval: the index of tracks, queries, and the page of results."""
