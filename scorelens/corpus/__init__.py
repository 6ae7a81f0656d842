"""The corpus: the film table, the media behind it, and films made from known parts."""
