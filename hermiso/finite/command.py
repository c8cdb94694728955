"""Command line: python -m hermiso theorem4 relu --samples 10 --width 1000 --depth 50."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hermiso.errors import FiniteError, HermisoError
from hermiso.extras import naming_extras
from hermiso.terminal import LIMITS, Parser, complain, shielded

if TYPE_CHECKING:
    from hermiso.finite.theorem4 import Report

__all__ = ["main"]

_EPILOG = """\
examples:
  python -m hermiso theorem4 gelu --width 1000 --depth 40
  python -m hermiso theorem4 "max(x, 0.1*x)" --width 1e5
  torchrun --nproc-per-node 2 -m hermiso theorem4 relu --width 10000000   (the width is shared)

Its exit status is 0 if every layer is covered by the bound or by the bound and the floor, and 1 if
one is violated or undecided.
"""


def main(arguments: Sequence[str]) -> int:
    """Compare networks of finite width with Theorem 4, on Gaussian samples."""
    options = _parser().parse_args([shielded(a) for a in arguments])
    try:
        report = _compared(options)
    except (HermisoError, ImportError) as error:
        return complain(str(error), 2)
    except RuntimeError as error:  # of torch, in many lines
        return complain(f"torch: {str(error).strip().partition(chr(10))[0]}", 2)
    return 1 if report.verdict in ("undecided", "violation") else 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m hermiso theorem4",
        description=main.__doc__,
        epilog=f"{_EPILOG}\n{LIMITS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("activation", help="a name of the catalogue, or a formula")
    for name, default, says in (
        ("samples", 10, "n"),
        ("input", 1000, "features of a sample"),
        ("width", 1000, "d of every layer"),
        ("depth", 50, "number of layers"),
        ("runs", 10, "independent networks"),
        ("seed", 0, "of samples and weights"),
    ):
        parser.add_argument(f"--{name}", type=_integer, default=default, help=f"{says} ({default})")
    parser.add_argument("--confidence", type=float, default=0.99, help="of the intervals (0.99)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, ...")
    parser.add_argument("--dtype", default="float32", choices=("float32", "float64"))
    return parser


def _integer(text: str) -> int:
    """Read an integer, which may be written as 1e6."""
    found = re.fullmatch(r"\s*([+-]?[0-9]{1,30})(?:[eE]\+?([0-9]{1,2}))?\s*", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no integer such as 1000 or 1e3")
    value: int = int(found[1]) * 10 ** int(found[2] or 0)
    return value


def _compared(options: argparse.Namespace) -> Report:
    with naming_extras():
        import torch

        from hermiso.finite.theorem4 import check_theorem4
        from hermiso.finite.workers import launched

    with launched() as workers:
        report = check_theorem4(
            options.activation,
            _samples(options),
            options.width,
            options.depth,
            runs=options.runs,
            seed=options.seed,
            confidence=options.confidence,
            device=_device(options.device),
            dtype=getattr(torch, options.dtype),
            workers=workers,
        )
        if workers.rank == 0:
            print(_table(report))
    return report


def _samples(options: argparse.Namespace) -> Any:
    import numpy as np

    from hermiso.finite.devices import affordable

    n, features, seed = options.samples, options.input, options.seed
    if n < 1 or features < 2 or seed < 0:
        raise FiniteError(
            f"samples = {n}, input = {features}, seed = {seed}; at least 1 sample of at least 2 "
            "features and a seed >= 0 are required"
        )
    affordable(f"{n} samples of {features} features", 8 * 4 * n * features)
    return np.random.default_rng(seed).standard_normal((n, features))


def _device(name: str) -> str:
    """The device; of several GPUs the one of this process."""
    local = os.environ.get("LOCAL_RANK")
    return f"cuda:{local}" if name == "cuda" and local else name


def _table(report: Report, rows: int = 12) -> str:
    """Some of the layers, one a line."""
    import numpy as np

    layers = sorted({round(float(layer)) for layer in np.linspace(0, len(report.gap) - 1, rows)})
    lines = ["layer        gap   [interval]             Theorem 4   all layers   covered by"]
    for layer in layers:
        low, high = report.low[layer], report.high[layer]
        lines.append(
            f"{layer:5} {report.gap[layer]:10.4g}   [{low:.4g}, {high:.4g}]".ljust(42)
            + f"{report.theorem4[layer]:10.3g} {report.all_layers[layer]:12.4g}   "
            + report.verdicts[layer]
        )
    return "\n".join([*lines, str(report)])
