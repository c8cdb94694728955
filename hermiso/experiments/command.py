"""Command line of the experiments: python -m hermiso run figure-3 --quick --output figures."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from hermiso.errors import HermisoError
from hermiso.experiments import get, names
from hermiso.experiments.settings import changed
from hermiso.extras import naming_extras
from hermiso.terminal import LIMITS, Parser, complain
from hermiso.writing import replacing

if TYPE_CHECKING:
    from hermiso.experiments.experiment import Experiment, Table

__all__ = ["main"]

_EPILOG = """\
examples:
  python -m hermiso run figure-3                      table and picture into the folder figures
  python -m hermiso run all --quick                   every figure at a small cost
  python -m hermiso run figure-4 --set width=200 --set activations=relu,exp
"""


def main(arguments: Sequence[str]) -> int:
    """Run experiments, write FOLDER/NAME.csv and NAME.png, and print where the curves end."""
    options = _parser().parse_args(arguments)
    try:
        chosen = [get(name) for name in options.names if name != "all"]
        chosen = [get(name) for name in names()] if "all" in options.names else chosen
        # All that may be missing or wrong is looked at before the first is run.
        with naming_extras("experiments"):
            import_module("pandas" if options.no_plot else "matplotlib")
        configs = [_config(experiment, options) for experiment in chosen]
        options.output.mkdir(parents=True, exist_ok=True)
        for experiment, config in zip(chosen, configs, strict=True):
            _run(experiment, config, options)
    except (FileExistsError, NotADirectoryError):
        return complain(f"--output is {options.output}, no folder; give a folder", 2)
    except (HermisoError, ImportError, OSError) as error:
        return complain(str(error), 2)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m hermiso run",
        description=main.__doc__,
        epilog=f"{_EPILOG}\n{LIMITS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    says = f"all, or some of {', '.join(names())}"
    parser.add_argument("names", nargs="+", metavar="NAME", help=says)
    parser.add_argument("--quick", action="store_true", help="small networks, seconds in all")
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="change the config"
    )
    parser.add_argument("--output", type=Path, default=Path("figures"), metavar="FOLDER")
    parser.add_argument("--no-plot", action="store_true", help="write the table only")
    return parser


def _config(experiment: Experiment, options: argparse.Namespace) -> Any:
    config = changed(experiment.quick if options.quick else experiment.config, options.set)
    experiment.check(config)
    return config


def _run(experiment: Experiment, config: Any, options: argparse.Namespace) -> None:
    print(f"{experiment.name}: {experiment.title}")
    print("  " + ", ".join(f"{f.name} = {_shown(getattr(config, f.name))}" for f in fields(config)))
    start = perf_counter()
    table = experiment.run(config)
    seconds = perf_counter() - start
    print(_ends(table, experiment.value))
    written = _written(experiment, config, table, options)
    print(f"  {seconds:.1f} s; {' and '.join(map(str, written))}", flush=True)


def _shown(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _ends(table: Table, value: str) -> str:
    """The first and last mean of every curve."""
    from hermiso.experiments.experiment import summary

    if "variant" not in table:
        ends = table.groupby("activation", sort=False)[["gain", "beta"]].agg(["first", "last"])
        return _indented(ends.to_string(float_format="{:.6g}".format))
    rows = summary(table, value).groupby(["activation", "variant"], sort=False)
    ends = rows.tail(1).set_index(["activation", "variant"])
    ends.insert(0, f"{value} at 0", rows["mean"].agg(lambda mean: mean.iloc[0]))
    ends = ends.drop(columns=["least", "most"])
    ends = ends.rename(columns={"mean": value})
    return _indented(ends.reset_index().to_string(index=False, float_format="{:.4g}".format))


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _written(
    experiment: Experiment, config: Any, table: Table, options: argparse.Namespace
) -> list[Path]:
    """Write the table, and the picture; each whole or not at all."""
    path = options.output / f"{experiment.name}.csv"
    with replacing(path) as file:
        table.to_csv(file, index=False, mode="wb")
    if options.no_plot:
        return [path]
    picture = path.with_suffix(".png")
    with replacing(picture) as file:
        experiment.plot(table, config).savefig(file, dpi=110, format="png")
    return [path, picture]
