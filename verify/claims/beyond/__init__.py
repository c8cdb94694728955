"""Theorems of this project beyond the papers; docs/bounds.md has the proofs in words."""

__all__ = []
