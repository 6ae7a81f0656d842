"""Machine learning that the stages share: datasets, folds, networks, trainers, model files."""
