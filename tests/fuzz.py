"""Random formulas, and whether every question about them ends: `python -m tests.fuzz -n 1000`.

A case is a formula of at most 200 characters and a question. It runs in a forked process with
1 GB above what the process holds at the start; one that takes over 15 s of processor time is
killed: the 10 s that a question may take, and what it takes to notice.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import resource
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

LONGEST = 200  # characters
MEMORY = 1 << 30  # bytes
SECONDS = 15  # of processor time
SEED = 20_240_611
UNARY = (
    *("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asinh", "atan"),
    *("erf", "erfc", "erfi", "Phi", "abs", "sign", "heaviside", "floor", "ceil", "round"),
    *("erfcx", "lambertw", "expm1", "log1p", "sech", "sinc", "erfinv", "log_ndtr"),
)
BOUNDED = ("sin", "cos", "tanh", "atan", "erf", "erfc", "Phi", "sigmoid", "softsign")
SWITCHED = ("max({}, {})", "min({}, {})", "where({} > {}, {}, {})", "clip({}, -1, 1)")


# --- formulas -----------------------------------------------------------------------------------


def formula(random: Random) -> str:
    """Draw a formula in x of at most LONGEST characters."""
    while True:
        text = _sum(random, random.randint(1, 4))
        if "x" in text.replace("exp", "").replace("max", "") and len(text) <= LONGEST:
            return text


def _sum(random: Random, depth: int) -> str:
    terms = [_product(random, depth) for _ in range(random.choice((1, 1, 1, 2, 2, 3)))]
    return terms[0] + "".join(random.choice((" + ", " - ")) + t for t in terms[1:])


def _product(random: Random, depth: int) -> str:
    factors = [_atom(random, depth) for _ in range(random.choice((1, 1, 1, 1, 2, 2, 3)))]
    if random.random() < 0.3:
        factors.insert(0, _number(random))
    return factors[0] + "".join(random.choice("****/") + f for f in factors[1:])


def _atom(random: Random, depth: int) -> str:
    if depth == 0:
        return random.choice(("x", "x", "x", f"({_number(random)}*x)", f"(x - {_number(random)})"))
    kind = random.random()
    inner = f"({_sum(random, depth - 1)})"
    if kind < 0.15:
        return "x"
    if kind < 0.25:
        return inner
    if kind < 0.35:
        return f"{inner}^{random.choice(('2', '3', '7', '12', '(1/2)', '(-1)', '(-2)', '0.3'))}"
    if kind < 0.45:
        return f"1/(1 + exp({_affine(random)}))"
    if kind < 0.60:
        return f"{random.choice(_activations())}({inner[1:-1]})"
    if kind < 0.70:
        return f"{random.choice(BOUNDED)}({_affine(random)})"
    if kind < 0.72:
        return f"besselj({random.randint(0, 3)}, {_affine(random)})"
    if kind < 0.84:
        pattern = random.choice(SWITCHED)
        parts = [_sum(random, depth - 1), *(_sum(random, 0) for _ in range(3))]
        return pattern.format(*parts[: pattern.count("{}")])
    return f"{random.choice(UNARY)}{inner}"


def _affine(random: Random) -> str:
    return f"{_number(random)}*x" + (f" - {_number(random)}" if random.random() < 0.5 else "")


def _number(random: Random) -> str:
    kind = random.random()
    if kind < 0.4:
        return str(random.randint(1, 9))
    if kind < 0.6:
        return f"{random.uniform(0, 5):.2f}"
    if kind < 0.9:
        return f"{random.uniform(0, 3):.{random.randint(4, 16)}f}"
    return random.choice(("1e-6", "1e6", "1e-12", "1000", "(1/3)", "pi", "sqrt(2)"))


def _activations() -> tuple[str, ...]:
    from hermiso import catalogue

    return catalogue.names()


# --- questions ----------------------------------------------------------------------------------


def _beta(e: Any) -> Any:
    import hermiso

    return hermiso.beta(e).evalf(15)


def _moment(e: Any) -> Any:
    import hermiso

    return hermiso.moment(e).evalf(15)


def _coefficient(e: Any) -> Any:
    import hermiso

    return hermiso.coefficient(e, 3).evalf(15)


def _dual(e: Any) -> Any:
    import sympy as sp

    import hermiso

    rho = sp.Symbol("rho")
    return hermiso.dual(e, rho).subs(rho, sp.Rational(1, 2)).evalf(15)


def _kernel_map(e: Any) -> Any:
    import sympy as sp

    import hermiso

    rho = sp.Symbol("rho")
    return hermiso.kernel_map(e, rho).subs(rho, sp.Rational(1, 2)).evalf(15)


def _numeric(e: Any) -> Any:
    from hermiso import numeric

    return numeric.beta(e)


QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "beta": _beta,
    "moment": _moment,
    "coefficient": _coefficient,
    "dual": _dual,
    "kernel map": _kernel_map,
    "numeric": _numeric,
}


@dataclass(frozen=True)
class Outcome:
    """How one case ended: an answer, a refusal by its class, or what it must not end in."""

    question: str
    formula: str
    kind: str
    text: str
    seconds: float

    @property
    def is_fault(self) -> bool:
        """Whether the case neither was answered nor refused on purpose."""
        return not (self.kind == "answer" or self.kind.startswith("refused"))


def cases(seed: int, number: int, first: int = 0) -> Iterator[tuple[str, str]]:
    """Yield (question, formula); each case has a generator of its own."""
    for i in range(first, first + number):
        random = Random(f"{seed} {i}")
        yield random.choice(tuple(QUESTIONS)), formula(random)


def asked(question: str, text: str) -> tuple[str, str]:
    """Ask in this process, with a user's budget; return how it ended and the value or message."""
    from hermiso import budget
    from hermiso.errors import HermisoError
    from hermiso.parsing import parse

    try:
        with budget.limited(seconds=budget.Limits().seconds), budget.question():
            return "answer", str(QUESTIONS[question](parse(text)))
    except HermisoError as error:
        return f"refused: {type(error).__name__}", str(error)
    except BaseException as error:
        return f"raised {type(error).__name__}", str(error)


def outcome(question: str, text: str, memory: int = MEMORY, seconds: int = SECONDS) -> Outcome:
    """Ask in a forked process under hard limits."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _limit(memory, seconds)
        kind, said = asked(question, text)
        os.write(writing, f"{kind}\n{said[:500]}".encode(errors="replace"))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        kind, _, said = pipe.read().decode(errors="replace").partition("\n")
    _, status, usage = os.wait4(child, 0)
    if not kind:
        died = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        late = died in (signal.SIGXCPU, signal.SIGKILL)
        kind = "timeout" if late else f"killed by signal {died}"
    return Outcome(question, text, kind, said, usage.ru_utime + usage.ru_stime)


def _limit(memory: int, seconds: int) -> None:
    with open("/proc/self/statm", encoding="ascii") as file:
        base = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (base + memory, base + memory))
    used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, used + seconds + 1))
    faulthandler.register(signal.SIGXCPU, chain=True)  # say where it hangs
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for stream in (sys.stdin, sys.stdout):
        stream.close()


def preload() -> None:
    """Load what every case needs, so that the forks share it."""
    for question, ask in QUESTIONS.items():
        ask(_parsed(f"tanh({len(question)}*x) + max(x, 0)"))


def _parsed(text: str) -> Any:
    from hermiso.parsing import parse

    return parse(text)


def summary(outcomes: list[Outcome]) -> str:
    """Count the outcomes by kind and list the faults and the slowest ten."""
    lines = [f"{n:7} {kind}" for kind, n in Counter(o.kind for o in outcomes).most_common()]
    lines += [
        f"FAULT {o.kind}: {o.question} {o.formula!r} {o.text:.200}" for o in outcomes if o.is_fault
    ]
    slowest = sorted(outcomes, key=lambda o: -o.seconds)[:10]
    lines += [f"{o.seconds:7.2f} s {o.kind}: {o.question} {o.formula!r}" for o in slowest]
    total = sum(o.seconds for o in outcomes)
    return "\n".join([*lines, f"{total:7.0f} s of processor time for {len(outcomes)} cases"])


def main() -> None:
    """Run cases and print the summary; faults are printed as they are found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=300)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    preload()
    found: list[Outcome] = []
    for question, text in cases(options.seed, options.n, options.first):
        found.append(outcome(question, text))
        if found[-1].is_fault or found[-1].seconds > 10:
            print(found[-1], flush=True)
    print(summary(found))


if __name__ == "__main__":
    main()
