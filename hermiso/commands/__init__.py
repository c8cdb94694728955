"""The command line behind `python -m hermiso`: its questions, its first screen, its processes."""

__all__ = []
