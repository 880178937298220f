"""The pages of wrong calls: what each target does with them."""
