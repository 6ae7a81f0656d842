"""Pretrained text networks: layers of each, one module a network."""
