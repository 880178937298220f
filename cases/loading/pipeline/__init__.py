"""Pipelines: the entries of a YAML file, the network of steps that they stand for, and its calls one after another."""
