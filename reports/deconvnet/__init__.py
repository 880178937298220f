"""Looking into a network: the strongest activations of a layer, projected back to pixels by every framework."""
