"""Finding claims and rejecting malformed ones when they are loaded.

Every module below a package of claims whose name has no leading underscore offers `claim`, one
Claim, or `claims`, a tuple of them. Adding a claim touches no other file. A single file of claims
may stand anywhere: in place of a module's name it then goes by its path.
"""

from __future__ import annotations

import hashlib
import os
import pkgutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from re import fullmatch
from types import ModuleType

from hermiso.extras import naming_extras
from verify.claim import Claim, Verdict

__all__ = [
    "CORRECTED",
    "Registry",
    "RegistryError",
    "UnknownLabel",
    "discover",
    "file_of",
    "find",
    "is_file",
    "validate",
]

CORRECTED = ":corrected"
_LABEL = rf"[a-z0-9-]+:[a-z0-9-]+({CORRECTED})?"


class RegistryError(ValueError):
    """Claims that cannot be registered; the message lists every fault."""


class UnknownLabel(LookupError):
    """A label, group or pattern that fits no claim; the message names close ones."""


@dataclass(frozen=True)
class Registry:
    """Validated claims in the order of their modules.

    Attributes:
        claims: label -> claim.
        modules: label -> name of its module, or path of its file.
        home: the file that "all", groups and patterns are restricted to; None for everything.
            Labels are found everywhere.
    """

    claims: Mapping[str, Claim]
    modules: Mapping[str, str]
    home: str | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups in alphabetical order."""
        return tuple(sorted({claim.group for claim in self.claims.values()}))

    def select(self, names: Iterable[str]) -> tuple[Claim, ...]:
        """Return the claims of labels, groups, patterns such as "*:eq-*", or "all", each once.

        Raises:
            UnknownLabel: a name fits no claim.
        """
        chosen: set[str] = set()
        for name in sorted(set(names)):
            found = self._named(name)
            if not found:
                known = {"all", *self.groups, *self.claims}
                raise UnknownLabel(f"no claim or group is called {name!r}{_hint(name, known)}")
            chosen |= found
        return tuple(claim for claim in self.claims.values() if claim.label in chosen)

    def _named(self, name: str) -> set[str]:
        own = {label for label, module in self.modules.items() if self.home in (None, module)}
        if name == "all":
            return own
        if name in self.claims:
            return {name}
        group = {label for label in own if self.claims[label].group == name}
        return group or {label for label in own if fnmatchcase(label, name)}

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


def discover(package: str = "verify.claims", file: str | Path | None = None) -> Registry:
    """Import every claim below a package and validate them all.

    Args:
        package: where the claims live.
        file: a file with further claims; "all" then means these. The package is imported
            only if they use claims of others.

    Raises:
        RegistryError: a module holds no claim, a claim is malformed, or the file cannot be
            imported.
    """
    home = None if file is None else str(Path(file).resolve())
    homes = [(claim, home) for claim in _claims(home)] if home else []
    if not home or _rests_on_others([claim for claim, _ in homes]):
        modules = _modules(package)
        homes = [*((claim, module) for module in modules for claim in _claims(module)), *homes]
    validate([claim for claim, _ in homes])
    by_label = {claim.label: module for claim, module in homes}
    return Registry({claim.label: claim for claim, _ in homes}, by_label, home)


def _rests_on_others(claims: Sequence[Claim]) -> bool:
    labels = {claim.label for claim in claims}
    return any(label not in labels for claim in claims for label in claim.uses)


def find(module: str, label: str) -> Claim:
    """Import one module or file and return its claim with this label."""
    return next(claim for claim in _claims(module) if claim.label == label)


def is_file(module: str) -> bool:
    """Whether claims live in a file of its own rather than in a module of a package."""
    return Path(module).is_absolute()


def file_of(module: str) -> Path | None:
    """Return the source file of a module of claims."""
    found = _imported(module).__file__
    return Path(found) if found else None


def _imported(module: str) -> ModuleType:
    return _from_file(Path(module)) if is_file(module) else import_module(module)


def _from_file(path: Path) -> ModuleType:
    """Import a file once; its name is made from its path, so that no other module has it."""
    name = f"{path.stem}_{hashlib.sha256(os.fsencode(path)).hexdigest()[:12]}"
    if name not in sys.modules:
        spec = spec_from_file_location(name, path)
        if spec is None or spec.loader is None or not path.is_file():
            raise RegistryError(f"{path}: there is no such file; claims stand in a FILE.py")
        module = module_from_spec(spec)
        sys.modules[name] = module  # dataclasses and pickles look it up there
        try:
            with naming_extras("verify"):
                spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            del sys.modules[name]
            raise RegistryError(f"{path}: {type(error).__name__}: {error}") from error
    return sys.modules[name]


def _modules(package: str) -> Iterator[str]:
    try:
        path = import_module(package).__path__
    except (AttributeError, ModuleNotFoundError) as error:
        raise RegistryError(f"{package} is no package of claims: {error}") from error
    for entry in sorted(pkgutil.walk_packages(path, f"{package}."), key=lambda entry: entry.name):
        if not entry.ispkg and not entry.name.rpartition(".")[2].startswith("_"):
            yield entry.name


def _claims(module: str) -> tuple[Claim, ...]:
    home = _imported(module)
    several = getattr(home, "claims", ())
    listed = several if isinstance(several, (tuple, list)) else (several,)
    found = (*([home.claim] if hasattr(home, "claim") else []), *listed)
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
