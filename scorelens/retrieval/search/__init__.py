"""Search: queries, the index of tracks, and the page of answers."""
