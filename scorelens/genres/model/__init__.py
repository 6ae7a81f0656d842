"""The genre models: labels, folds, classifiers, baselines and their predictions."""
