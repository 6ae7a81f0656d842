"""Evaluation: predictions, metrics, bootstrap, permutation tests, comparisons. Imports no stage.

This module holds the constants alone, so that it can be imported without numpy.
"""

MACRO = "macro"  # in a column of genres: the unweighted mean over them
WEIGHTED = "weighted"  # in a column of genres: the mean over them, weighted by their support
ALL = "all"  # in a column of genres: a metric of all of them at once
THRESHOLD = 0.5  # a genre is predicted above this probability; at it, a tied vote, it is not
BOUNDS = (2.5, 97.5)  # percentiles of a 95% interval
SIGNIFICANT = 0.05  # a p-value below it is significant
