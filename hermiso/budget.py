"""A budget of work for every question, so that every question ends.

A question counts what it does: terms that its derivation handles, and evaluations on balls, each
weighted by the size of its formula. Counts do not depend on the machine. What they miss, long
steps inside sympy, ends by processor time, the last resort.

>>> import hermiso
>>> from hermiso import budget
>>> with budget.limited(boxes=100):
...     print(hermiso.beta("tanh").evalf(30))
Traceback (most recent call last):
hermiso.errors.BudgetExceeded: it takes more than 100 boxes...
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from hermiso.errors import (
    ActivationError,
    BudgetExceeded,
    HermisoError,
    NoClosedForm,
    NotSquareIntegrable,
)

CLOCK = 32  # units of work between two looks at the clock


@dataclass(frozen=True)
class Limits:
    """How much work one question may do; None is without limit.

    Attributes:
        terms: handled by exact derivations; beyond them the answer is a node, or by balls.
        boxes: evaluations on balls, each counted once for every 20 operations of its formula
            (a special function is as much as 80)
            and every 1500 bits.
        seconds: of processor time of the thread, so that a busy machine changes no answer.
    """

    terms: float | None = 40_000
    boxes: float | None = 400_000
    seconds: float | None = 10.0


@dataclass
class _Account:
    """What a question has done so far, and which of its limits it has met."""

    limits: Limits
    began: float
    terms: float = 0
    boxes: float = 0
    unseen: float = 0  # work since the last look at the clock
    asked: bool = False  # whether a question is open
    ended: str = ""

    def pay_terms(self, n: float) -> None:
        self.terms += n
        self._look(n)
        most = self.limits.terms
        if most is not None and self.terms > most:
            raise NoClosedForm(f"its derivation takes more than {most:g} terms")

    def pay_boxes(self, n: float) -> None:
        self.boxes += n
        most = self.limits.boxes
        if most is not None and self.boxes > most:
            self.end("boxes", most)
        self._look(n)

    def _look(self, n: float) -> None:
        self.unseen += n
        most = self.limits.seconds
        if most is not None and self.unseen >= CLOCK:
            self.unseen = 0
            if time.thread_time() - self.began > most:
                self.unseen = CLOCK  # once late, always late
                self.end("seconds", most)

    def end(self, kind: str, most: float) -> None:
        self.ended = (
            f"it takes more than {most:g} {kind}; ask for fewer digits, a lower degree or a "
            f"simpler formula, or allow more: with hermiso.budget.limited({kind}={10 * most:g})"
        )
        raise BudgetExceeded(self.ended)


# Variables of the context, not of the process: threads and tasks that ask at the same time have
# accounts of their own, and leaving a question restores the one around it.
_STANDARD = Limits()
_LIMITS: ContextVar[Limits] = ContextVar("limits", default=_STANDARD)
_ACCOUNT: ContextVar[_Account | None] = ContextVar("account", default=None)


@contextmanager
def limited(**limits: float | None) -> Iterator[None]:
    """Change the limits of every question asked inside.

    Args:
        limits: `terms`, `boxes` or `seconds`; None for no limit. What is not named stays.
    """
    token = _LIMITS.set(replace(_LIMITS.get(), **limits))
    try:
        yield
    finally:
        _LIMITS.reset(token)


@contextmanager
def shared() -> Iterator[None]:
    """Open one budget for all questions asked inside."""
    token = _ACCOUNT.set(_ACCOUNT.get() or _opened())
    try:
        yield
    finally:
        _ACCOUNT.reset(token)


@contextmanager
def question() -> Iterator[None]:
    """Open a budget; questions inside share it.

    Raises:
        BudgetExceeded: if a limit is met, or in place of any other error after that: what fails
            without the work that was left out proves nothing.
    """
    account = _ACCOUNT.get() or _opened()
    if account.asked:
        yield
        return
    account.asked, token = True, _ACCOUNT.set(account)
    try:
        yield
    except HermisoError as error:
        if not account.ended or isinstance(error, BudgetExceeded | NotSquareIntegrable):
            raise
        raise BudgetExceeded(account.ended) from error
    except RecursionError:
        raise ActivationError("the expression is nested too deeply; flatten it") from None
    except MemoryError:
        raise BudgetExceeded("it takes more memory than there is; ask for fewer digits") from None
    except Exception as error:
        if _is_ours(error):
            raise
        raise ActivationError(f"sympy cannot work with it: {error!s:.200}") from error
    finally:
        account.asked = False
        _ACCOUNT.reset(token)


def _opened() -> _Account:
    return _Account(_LIMITS.get(), time.thread_time())


def _is_ours(error: Exception) -> bool:
    """Whether the statement that failed is one of this package, and not of one below it."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place is None or place.tb_frame.f_globals.get("__name__", "").startswith("hermiso")


def leeway() -> float:
    """How many times the standard number of boxes the question may take."""
    account = _ACCOUNT.get()
    limits = account.limits if account is not None else _LIMITS.get()
    return math.inf if limits.boxes is None else limits.boxes / (_STANDARD.boxes or 1)


def spend_terms(n: float = 1) -> None:
    """Count terms of an exact derivation.

    Raises:
        NoClosedForm: if the question has handled too many; it goes on with numbers.
    """
    account = _ACCOUNT.get()
    if account is not None:
        account.pay_terms(n)


def spend_boxes(n: float = 1) -> None:
    """Count evaluations on balls.

    Raises:
        BudgetExceeded: if the question has made too many.
    """
    account = _ACCOUNT.get()
    if account is not None:
        account.pay_boxes(n)


__all__ = ["Limits", "leeway", "limited", "question", "shared", "spend_boxes", "spend_terms"]
