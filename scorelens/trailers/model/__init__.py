"""Genre models of trailers: training, fusion of picture and sound, thresholds.

The module of a model (`trailers.registry`) has `fit(name, dataset, subsets, settings, seed)`, which
returns the arrays of each subset, (training trailers, validation trailers), and `predict(name,
arrays, instances, bag)`, which returns probability and weight of each instance, float32 of shape
(n_instances, n_genres). BALANCED_LOSS says whether training weighs the labels of a genre as if it
were as frequent as not.
"""
