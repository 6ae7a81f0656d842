"""Metrics, comparisons and figures of the genre models."""
