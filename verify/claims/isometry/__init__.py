"""Joudaki, Daneshmand, Bach: activation and normalization in isometric embeddings (2023)."""

__all__ = []
