"""Diagnosis: find the transform that explains a difference."""
