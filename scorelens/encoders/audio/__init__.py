"""Pretrained audio networks: preprocessing and layers of each, one module a network."""
