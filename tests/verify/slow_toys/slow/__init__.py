"""A claim that takes forever."""
