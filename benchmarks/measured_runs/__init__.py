"""Runs of the workflow that are measured from outside: processes, costs, sizes and tables."""
