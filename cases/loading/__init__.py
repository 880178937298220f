"""YAML files -> Cases: read, validated and expanded."""
