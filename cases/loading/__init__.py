"""YAML files -> validated, expanded -> Cases."""
