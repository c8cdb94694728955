"""The float tests as other processors would run them.

    python tests/portable.py               every combination that this processor can play
    python tests/portable.py --only 1      one of them, by its number; the first is the plainest

numpy, OpenBLAS, MKL and torch choose code by the processor's vector instructions and by the number
of threads; each can be told to do without. Their switches do not touch each other, so a
combination turns one of each. A red one is taken apart by setting its variables one by one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

ROOT = Path(__file__).resolve().parents[1]
FLOATS = (
    "experiments", "finite", "numeric", "test_bounds.py", "test_compiled.py", "test_evaluate.py",
    "test_gram.py", "test_meanfield.py", "test_quadrature.py", "test_stable.py",
)  # fmt: skip
AVX512 = [name for name in __cpu_dispatch__ if "512" in name or name == "X86_V4"]
COMBINATIONS = (
    {
        "ATEN_CPU_CAPABILITY": "default",
        "NPY_DISABLE_CPU_FEATURES": " ".join(__cpu_dispatch__),  # the baseline: no AVX2
        "OPENBLAS_CORETYPE": "Haswell",
        "MKL_CBWR": "COMPATIBLE",
        "OMP_NUM_THREADS": "2",
    },
    {
        "ATEN_CPU_CAPABILITY": "avx2",
        "NPY_DISABLE_CPU_FEATURES": " ".join(AVX512),
        "OPENBLAS_CORETYPE": "Zen",
        "MKL_CBWR": "AVX2",
        "OMP_NUM_THREADS": "1",
    },
    {
        "ATEN_CPU_CAPABILITY": "avx512",
        "OPENBLAS_CORETYPE": "SkylakeX",
        "OMP_NUM_THREADS": "1",
    },
)


def playable(combination: dict[str, str]) -> bool:
    """Whether this processor has the instructions; without them OpenBLAS would crash."""
    have = {name for name, there in __cpu_features__.items() if there}
    return "512" not in combination["ATEN_CPU_CAPABILITY"] or bool(have.intersection(AVX512))


def run(combination: dict[str, str]) -> int:
    """Run the float tests and return pytest's exit status."""
    print(*(f"{name}={value!r}" for name, value in combination.items()), flush=True)
    if not playable(combination):
        print("not run: this processor has no AVX-512", flush=True)
        return 0
    paths = [f"tests/hermiso/{name}" for name in FLOATS]
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider", *paths]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **combination}).returncode


def main() -> int:
    """Run the combinations and return 1 if one is red."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", type=int, choices=range(1, len(COMBINATIONS) + 1))
    only = parser.parse_args().only
    chosen = COMBINATIONS if only is None else COMBINATIONS[only - 1 : only]
    return int(any([run(combination) for combination in chosen]))


if __name__ == "__main__":
    sys.exit(main())
