"""Finding claims and rejecting malformed ones when they are loaded.

Every module below a package of claims whose name has no leading underscore offers `claim`, one
Claim, or `claims`, a tuple of them. Adding a claim touches no other file.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from re import fullmatch

from verify.claim import Claim, Verdict

CORRECTED = ":corrected"
_LABEL = rf"[a-z0-9-]+:[a-z0-9-]+({CORRECTED})?"


class RegistryError(ValueError):
    """Claims that cannot be registered; the message lists every fault."""


class UnknownLabel(LookupError):
    """A label or group that no claim has; the message names close ones."""


@dataclass(frozen=True)
class Registry:
    """Validated claims by label, in the order of their modules, and the modules by label."""

    claims: Mapping[str, Claim]
    modules: Mapping[str, str]

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups in alphabetical order."""
        return tuple(sorted({claim.group for claim in self.claims.values()}))

    def select(self, names: Iterable[str]) -> tuple[Claim, ...]:
        """Return the claims of labels, groups or "all", each once.

        Raises:
            UnknownLabel: a name is none of these.
        """
        wanted = set(names)
        known = {"all", *self.groups, *self.claims}
        for name in sorted(wanted - known):
            raise UnknownLabel(f"no claim or group is called {name!r}{_hint(name, known)}")
        return tuple(
            claim for claim in self.claims.values() if wanted & {"all", claim.group, claim.label}
        )

    def ancestors(self, claim: Claim) -> set[str]:
        """Return the labels of all claims that this one rests on, directly or not."""
        found: set[str] = set()
        waiting = list(claim.uses)
        while waiting:
            label = waiting.pop()
            if label not in found:
                found.add(label)
                waiting.extend(self.claims[label].uses)
        return found


def discover(package: str = "verify.claims") -> Registry:
    """Import every claim below a package and validate them all.

    Raises:
        RegistryError: a module holds no claim, or a claim is malformed.
    """
    homes = [(claim, module) for module in _modules(package) for claim in _claims(module)]
    validate([claim for claim, _ in homes])
    modules = {claim.label: module for claim, module in homes}
    return Registry({claim.label: claim for claim, _ in homes}, modules)


def find(module: str, label: str) -> Claim:
    """Import one module and return its claim with this label."""
    return next(claim for claim in _claims(module) if claim.label == label)


def _modules(package: str) -> Iterator[str]:
    path = import_module(package).__path__
    for entry in sorted(pkgutil.walk_packages(path, f"{package}."), key=lambda entry: entry.name):
        if not entry.ispkg and not entry.name.rpartition(".")[2].startswith("_"):
            yield entry.name


def _claims(module: str) -> tuple[Claim, ...]:
    home = import_module(module)
    found = (*([home.claim] if hasattr(home, "claim") else []), *getattr(home, "claims", ()))
    if not found or not all(isinstance(entry, Claim) for entry in found):
        raise RegistryError(f"{module}: offer `claim`, a Claim, or `claims`, a tuple of them")
    return found


def validate(claims: Iterable[Claim]) -> None:
    """Check that the claims are well-formed and fit together.

    Raises:
        RegistryError: they do not; every fault is listed.
    """
    claims = tuple(claims)
    labels = [claim.label for claim in claims]
    faults = [f"{label}: the label is used twice" for label in _repeated(labels)]
    for claim in claims:
        own = (_form(claim), _checks(claim), _mutants(claim), _uses(claim, set(labels)))
        faults += [f"{claim.label}: {fault}" for kind in own for fault in kind]
        faults += [f"{claim.label}: {fault}" for fault in _erratum(claim, claims)]
    if not faults:
        faults = list(_cycle(claims))
    if faults:
        raise RegistryError("\n".join(faults))


def _form(claim: Claim) -> Iterator[str]:
    if not fullmatch(_LABEL, claim.label):
        yield 'the label must be "group:name" in lower case, digits and hyphens'
    if not (claim.where.strip() and claim.says.strip()):
        yield "`where` and `says` must not be empty"


def _checks(claim: Claim) -> Iterator[str]:
    if not claim.checks:
        yield "it has no check; add one with @claim.check(level)"
    elif all(check.only is not None for check in claim.checks):
        yield "no check covers the whole claim: each is declared with `only`"
    for name in _repeated([check.name for check in claim.checks]):
        yield f"two checks are called {name}"


def _mutants(claim: Claim) -> Iterator[str]:
    if not claim.mutants:
        yield "it has no mutant; give one wrong value per plausible slip"
    for slip, mutant in claim.mutants.items():
        if mutant is claim.value:
            yield f"the mutant {slip!r} is the statement itself"


def _uses(claim: Claim, labels: set[str]) -> Iterator[str]:
    for label in claim.uses:
        if label not in labels:
            yield f"it uses {label!r}, which no claim is called{_hint(label, labels)}"


def _erratum(claim: Claim, claims: tuple[Claim, ...]) -> Iterator[str]:
    correction = claim.correction
    if (claim.expected is Verdict.REFUTED) != (correction is not None):
        yield "expected=Verdict.REFUTED and a correction go together"
    if correction is None:
        return
    if correction.label != claim.label + CORRECTED:
        yield f"its correction is called {correction.label!r}, not {claim.label + CORRECTED!r}"
    if all(correction is not entry for entry in claims):
        yield f"its correction {correction.label!r} is not registered"
    if all(mutant is not claim.value for mutant in correction.mutants.values()):
        yield "its correction does not list the printed value among its mutants"
    if not claim.why.strip():
        yield "it is false as printed; `why` must say so in one line"


def _cycle(claims: tuple[Claim, ...]) -> Iterator[str]:
    try:
        TopologicalSorter({claim.label: claim.uses for claim in claims}).prepare()
    except CycleError as error:
        yield f"`uses` runs in a circle: {' -> '.join(error.args[1])}"


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _hint(name: str, known: set[str]) -> str:
    close = get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(close)}?" if close else ""
