"""The results of a run as JUnit XML, for build servers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from verify.claim import Verdict
from verify.judging import Outcome
from verify.report.terminal import surprise
from verify.results import Result
from verify.writing import encodable

__all__ = ["junit"]

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Sequence[Result], seconds: float) -> str:
    """Return one test case per check, and one per claim for its verdict."""
    suite = ET.Element("testsuite", name="verify")
    for result in results:
        for outcome in result.outcomes:
            _check(suite, result, outcome)
        _claim(suite, result)
    counts = {kind: len(suite.findall(f"*/{kind}")) for kind in ("failure", "error", "skipped")}
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(counts[kind]))
    suite.set("tests", str(len(suite)))
    suite.set("time", f"{seconds:.3f}")
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _check(suite: ET.Element, result: Result, outcome: Outcome) -> None:
    case = _case(suite, result, outcome.check, outcome.seconds)
    said = f"{outcome.verdict}: {outcome.detail}"
    match outcome.verdict:
        case Verdict.ERROR:
            _mark(case, "error", said)
        case Verdict.SKIPPED:
            _mark(case, "skipped", said)
        case Verdict.TOOTHLESS | Verdict.UNDECIDED:
            _mark(case, "failure", said)
        case Verdict.REFUTED if result.expects is not Verdict.REFUTED:
            _mark(case, "failure", said)
    if outcome.contradicted:
        _mark(case, "failure", f"another run found: {outcome.contradicted}")


def _claim(suite: ET.Element, result: Result) -> None:
    case = _case(suite, result, "verdict", 0.0)
    if not result.complete:
        _mark(case, "skipped", "interrupted")
    elif not result.as_expected:
        _mark(case, "failure", surprise(result))
    elif result.verdict is Verdict.SKIPPED:
        _mark(case, "skipped", f"left out by the profile {result.profile.word}")


def _case(suite: ET.Element, result: Result, name: str, seconds: float) -> ET.Element:
    label = result.claim.label.replace(":", ".")
    return ET.SubElement(suite, "testcase", classname=label, name=name, time=f"{seconds:.3f}")


def _mark(case: ET.Element, kind: str, message: str) -> None:
    if case.find(kind) is None:
        ET.SubElement(case, kind, message=_FORBIDDEN.sub("?", encodable(message)))
