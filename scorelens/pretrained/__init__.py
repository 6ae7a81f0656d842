"""Weights of pretrained networks: whether they are available, and how they are fetched and checked.

`availability` is imported when the workflow is parsed, `fetch` and `status` in jobs.
"""

from scorelens.pretrained.availability import WeightsError, check_folder, reason_absent

__all__ = ["WeightsError", "check_folder", "reason_absent"]
