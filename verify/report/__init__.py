"""Outcomes in print: a table for the terminal and a record for other programs."""

from verify.report.record import record
from verify.report.terminal import listing, portrait, progress, summary, table

__all__ = ["listing", "portrait", "progress", "record", "summary", "table"]
