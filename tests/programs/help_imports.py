"""Fails where `sweep --help` imports a library that takes long to import."""

import sys

from analysis.cli import main

HEAVY = {
    "numpy",
    "pyarrow",
    "pandas",
    "scipy",
    "pydantic",
    "ray",
    "tensorflow",
    "mlflow",
    "matplotlib",
    "keras",
    "jax",
    "numba",
}

sys.argv = ["sweep", "--help"]
try:
    main()
except SystemExit as end:
    if end.code:
        raise
assert not HEAVY & set(sys.modules), HEAVY & set(sys.modules)
