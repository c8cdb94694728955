"""Outcomes in print: tables for the terminal, records for other programs, Markdown for readers."""

from hermiso.extras import naming_extras

with naming_extras("verify"):
    from verify.report.catalogue import errata, listing, portrait
    from verify.report.document import document
    from verify.report.junit import junit
    from verify.report.killing import all_killed, kill_summary, kill_table
    from verify.report.record import record
    from verify.report.terminal import progress, summary, table

__all__ = [
    "all_killed",
    "document",
    "errata",
    "junit",
    "kill_summary",
    "kill_table",
    "listing",
    "portrait",
    "progress",
    "record",
    "summary",
    "table",
]
