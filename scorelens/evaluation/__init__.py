"""Evaluation that the stages share: predictions, metrics, bootstrap, permutation tests."""
