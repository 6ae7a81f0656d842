"""The report: everything that a run found, on one self-contained page."""
