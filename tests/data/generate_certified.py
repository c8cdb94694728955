"""Reference values of Gaussian moments to 60 digits, by mpmath alone; writes certified.json.

    python -m tests.data.generate_certified                  # everything
    python -m tests.data.generate_certified tanh "dual mish" # some entries, the rest is kept
    python -m tests.data.generate_certified --list

Everything takes a quarter of an hour (850 s) in one process with gmpy2 beside mpmath. hermiso and
sympy are not imported: functions.py writes every function a second time, with its kinks, singular
points and a growth bound stated by hand; rules.py integrates.

Method. The line is cut at +-L and split at the kinks; Gauss-Legendre panels are halved until a
panel agrees with its two halves, the halves are kept. At a singular point (sqrt|x|, log|x|,
|x|^(-1/5)) the panels shrink geometrically down to 1e-125, where the integrals that are left out
are below 1e-70. L is the least integer for which the growth bound
|f(x)| <= A (1 + |x|)^m exp(b|x| + c x^2) for |x| >= L leaves tails of f^2 (1 + |x|)^20 below
1e-70 of E f^2. Every value is computed twice, with other orders and other panels
(and another rate of shrinking). It is written as "value +/- error", where the error is ten times
the difference of the two runs plus 1e-66 of the mean of the integrand's absolute value, and only
if this is below 1e-62 of that mean; beta - 1 only if the error is below 1e-62 of its value.

Duals at |rho| < 1 are sums over the plane in u, v with x = a u + b v, y = a u - b v,
a^2 = (1 + rho)/2, b^2 = (1 - rho)/2: trapezoid rules with two steps for functions that are
analytic in a strip, else Gauss-Legendre rules of two orders on panels between the lines on
which x or y meets a kink. They are written to about 40 and 30 digits.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from mpmath import mp, mpf

from tests.data.functions import ENTRIES, q
from tests.data.rules import (
    DEGREES,
    DIGITS,
    RULES,
    by_panels,
    by_trapezoids,
    moments,
    on_the_diagonal,
)

FILE = Path(__file__).with_name("certified.json")
ABOUT = (
    "Written by generate_certified.py: values computed twice by mpmath, as 'value +/- error'; "
    "a value that is 0 within its error is written 0."
)
RHOS = ("-1", "-9/10", "-1/3", "3/10", "99/100", "999999/1000000", "1")


# --- writing values -------------------------------------------------------------------------


def power_above(error: Any) -> str:
    return f"1e{int(mp.ceil(mp.log10(error)))}"


def written(value: Any, error: Any) -> str:
    """Return 'value +/- error', rounded; the error includes the rounding."""
    if abs(value) <= error:
        return f"0 +/- {power_above(2 * error)}"
    digits = int(mp.ceil(mp.log10(abs(value) / error))) + 2
    return f"{mp.nstr(value, digits, strip_zeros=False, min_fixed=-6)} +/- {power_above(2 * error)}"


KEYS = (
    "moment", "coefficient 1", "second moment", *(f"coefficient {k}" for k in DEGREES),
    "beta minus one",
)  # fmt: skip


def line_values(name: str) -> dict[str, str]:
    section, e = ENTRIES[name]
    with mp.workdps(DIGITS + 18 + e.extra):
        (first, scale), (second, _) = (moments(e, rule) for rule in RULES)
        found = {"expression": e.text, "section": section}
        for key, a, b, s in zip(KEYS, first, second, scale, strict=True):
            relative = key == "beta minus one" and abs(b) > mpf(10) ** -DIGITS
            size = abs(b) if relative else s * mpf(10) ** -e.extra
            error = 10 * abs(a - b) + size * mpf(10) ** -(DIGITS + 4)
            if error > size * mpf(10) ** -DIGITS:
                raise ArithmeticError(f"{name}: {key} agrees only to {mp.nstr(error, 3)}")
            found[key] = written(b, error)
        return found


# --- duals ----------------------------------------------------------------------------------

STRIPS = {  # half-width of the strip on which the function is analytic
    "tanh": "3/2", "sigmoid": "3", "silu": "3", "softplus": "3", "mish": "9/4", "arctan": "19/20",
}  # fmt: skip
DUALS = (*STRIPS, "symlog", "tanh above a line")


def dual_pair(name: str, rho: str) -> Any:
    """Return a dual computed twice."""
    e, r = ENTRIES[name][1], q(rho)
    if abs(r) == 1:
        with mp.workdps(DIGITS + 18):
            return on_the_diagonal(e, int(r))
    if name in STRIPS:
        with mp.workdps(55):
            step = 2 * mp.pi * q(STRIPS[name]) / (48 * mp.log(10))
            return [
                by_trapezoids(e.f, q(rho), step, mpf(0), 15),
                by_trapezoids(e.f, q(rho), step * 7 / 8, mpf(1) / 3, 16),
            ]
    with mp.workdps(42):
        return [
            by_panels(e, q(rho), 28, mpf(3) / 4, 13),
            by_panels(e, q(rho), 34, mpf(4) / 5, 14),
        ]


def dual_values(name: str) -> dict[str, str]:
    found = {"expression": ENTRIES[name][1].text}
    for rho in RHOS:
        a, b = dual_pair(name, rho)
        with mp.workdps(DIGITS + 18):
            error = 10 * abs(a - b) + mpf(10) ** (-DIGITS if abs(q(rho)) == 1 else -45)
            if error > mpf(10) ** -28:
                raise ArithmeticError(f"dual {name} at {rho} agrees only to {mp.nstr(error, 3)}")
            found[rho] = written(b, error)
    return found


# --- the command ----------------------------------------------------------------------------


def write(values: dict[str, Any], duals: dict[str, Any]) -> None:
    """Replace the file in one step, in the order of the tables."""
    data = {
        "about": ABOUT,
        "values": {n: values[n] for n in ENTRIES if n in values},
        "duals": {n: duals[n] for n in DUALS if n in duals},
    }
    temporary = FILE.with_suffix(".json.part")
    temporary.write_text(json.dumps(data, indent=1) + "\n")
    os.replace(temporary, FILE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", help="entries to compute; default: all")
    parser.add_argument("--list", action="store_true", help="list the entries")
    options = parser.parse_args()
    tasks = [*ENTRIES, *(f"dual {n}" for n in DUALS)]
    if options.list:
        print("\n".join(tasks))
        return
    if unknown := set(options.name) - set(tasks):
        parser.error(f"unknown: {', '.join(unknown)}; --list shows the entries")
    old = json.loads(FILE.read_text()) if FILE.exists() else {"values": {}, "duals": {}}
    for task in options.name or tasks:
        start = time.perf_counter()
        if task.startswith("dual "):
            old["duals"][task[5:]] = dual_values(task[5:])
        else:
            old["values"][task] = line_values(task)
        write(old["values"], old["duals"])
        print(f"{task}: {time.perf_counter() - start:.1f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
