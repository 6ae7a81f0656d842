"""Pretrained image networks: preprocessing and layers of each, one module a network."""
