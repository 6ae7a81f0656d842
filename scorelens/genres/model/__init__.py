"""The genre models: folds, classifiers, baselines and their predictions."""
