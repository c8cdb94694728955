"""What a type checker says to users; `make types` reads this file, and nothing runs it.

A line that is to be flagged carries the flag: where it is missing, mypy reports an unused one.
"""

import numpy as np

import hermiso
import verify

a_function: int = hermiso.beta  # type: ignore[assignment]
hermiso.nonsense  # type: ignore[attr-defined]  # noqa: B018
verify.nonsense  # type: ignore[attr-defined]  # noqa: B018
of_an_array: int = hermiso.isometry_gap(np.eye(2))  # type: ignore[assignment]
hermiso.finite.nonsense  # type: ignore[attr-defined]  # noqa: B018
