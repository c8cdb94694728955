"""The claims, one folder per source; a module offers `claim` or `claims`."""

__all__ = []
