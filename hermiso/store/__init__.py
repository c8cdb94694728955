"""Finished cells of sweeps in one SQLite file that several sweeps may share.

The file is in WAL mode with `synchronous=FULL`: what `finish` has returned from survives a kill
and a power cut. A cell that is being computed is claimed by its sweep, and the claim lapses when
the sweep is dead or silent. Every row has a checksum: a damaged one is named and the rest is read.
A file that is no sound store is refused and left as it is.
"""

from hermiso.store.cell import MAX_RESULT, MAX_TEXT, Cell, Record
from hermiso.store.reading import read
from hermiso.store.sharing import LEASE_SECONDS, Store

__all__ = ["LEASE_SECONDS", "MAX_RESULT", "MAX_TEXT", "Cell", "Record", "Store", "read"]
