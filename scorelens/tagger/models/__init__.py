"""The models of the tagger, a module each kind.

A module has `fit(name, dataset, splits, settings, seed)`, which returns the arrays of each split,
and `predict(name, arrays, instances, bag)`, which returns probability and weight of each instance,
float32 of shape (n_instances, n_genres). Of a calibrated model it also says in REFIT whether the
bags that calibrate are added to training afterwards, and in BALANCED_LOSS whether training weighs
the labels of a genre as if it were as frequent as not.
"""
