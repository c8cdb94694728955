"""Devices by name, and what fits on them: sizes are checked before anything is begun."""

from __future__ import annotations

from typing import Any

from hermiso.errors import FiniteError
from hermiso.memory import available, shown

__all__ = ["MOST_WORK", "affordable", "place"]

MOST_WORK = 1e17  # multiplications: a day of an accelerator, four months of a core


def place(device: Any) -> Any:
    """Return torch's device of that name.

    Raises:
        FiniteError: if there is none here.
    """
    import torch

    try:
        found = torch.device(device)
        torch.empty(1, device=found)
    except (RuntimeError, AssertionError, TypeError, ImportError, NotImplementedError):
        raise FiniteError(
            f"the device is {device!r}, and torch has none of that name here; "
            f"it has {', '.join(_devices())}"
        ) from None
    return found


def _devices() -> list[str]:
    import torch

    mps = ["mps"] if torch.backends.mps.is_available() else []
    return ["cpu", *mps, *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]


def affordable(what: str, size: float, work: float = 0, device: Any = "cpu") -> None:
    """Refuse what needs more memory than is free, or more work than is ever begun.

    Args:
        what: in words, as the start of a sentence.
        size: bytes.
        work: multiplications.
        device: where the memory is.

    Raises:
        FiniteError: with the figures.
    """
    free = _free(device)
    if size > free:
        raise FiniteError(
            f"{what} need {shown(_float(size))} of memory, and {shown(free)} are free on "
            f"{device}; take fewer or smaller ones"
        )
    if work > MOST_WORK:
        raise FiniteError(
            f"{what} need {_float(work):.2g} multiplications, and at most {MOST_WORK:.0e} are "
            "begun; take fewer or smaller ones"
        )


def _free(device: Any) -> float:
    import torch

    found = torch.device(device)
    if found.type != "cuda":
        return available()
    reserved = torch.cuda.memory_reserved(found) - torch.cuda.memory_allocated(found)
    return float(torch.cuda.mem_get_info(found)[0] + reserved)


def _float(number: float) -> float:
    return float(min(number, 10**300))
