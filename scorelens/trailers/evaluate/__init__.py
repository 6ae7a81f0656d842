"""Metrics, comparisons and figures of the trailer models."""
