"""Metrics and figures of retrieval."""
