"""The command `sweep mi`: MI of two arrays in a file, with diagnostics of how far to trust it."""

import json
import math
import shlex
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sweep.cli import options
from sweep.console import print_table, say
from sweep.errors import UsageError
from sweep.system.paths import with_home

if TYPE_CHECKING:
    from trainables.information import Credibility

Rows = list[list[str]]

HOW_TO_WRITE = "write it in Python with numpy.savez(FILE, x=x, y=y), one row of numbers per sample in each"


def mi(
    file: Annotated[Path, typer.Argument(metavar="FILE.npz", help="A NumPy archive with the arrays x and y.")],
    _shared: options.Accepted,
    neighbors: Annotated[int, typer.Option("--neighbors", "-k", min=1, help="k, the number of neighbors.")] = 3,
    base: Annotated[
        str, typer.Option("--base", help="Of the logarithm: 2 for bits, e for nats, or any above 1.")
    ] = "2",
    estimator: Annotated[str, typer.Option("--estimator", help="ksg, or npeet: the slow reference.")] = "ksg",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the tie-breaking noise and of the subsets.")] = 0,
    as_json: options.Json = False,
) -> None:
    """Measure the MI of the arrays x and y in a file, and how far to trust it."""
    number = _base(base)
    if estimator not in ("ksg", "npeet"):
        raise UsageError(f"--estimator {estimator}: unknown; allowed are ksg, npeet", next=f"sweep mi {_quoted(file)}")
    if estimator == "npeet" and not find_spec("npeet_plus"):
        raise UsageError("--estimator npeet: it is not installed", next="pip install -c constraints.txt '.[npeet]'")
    file = with_home(file)
    x, y = _arrays(file)
    say(f"x {x.shape} {x.dtype}, y {y.shape} {y.dtype}")
    from trainables.information import diagnose

    trust = diagnose(x, y, neighbors, number, seed=seed, estimator=estimator)
    if trust.bits is None:
        raise UsageError(f"{file}: {trust.reason}", next=_remedy(file, x.shape[:1], y.shape[:1], neighbors, estimator))
    most = {"x": _most_values_of_a_column(x), "y": _most_values_of_a_column(y)}
    if as_json:
        print(json.dumps(_as_json(file, trust, estimator, seed, most), indent=1, allow_nan=False))
        return
    print_table([str(file), "", ""], _rows(trust))
    print(" ".join([trust.sentence, *_of_discrete_columns(trust, most)]))


def _most_values_of_a_column(array: Any) -> int:
    """The number of different values of the column that has most."""
    import numpy as np

    return max(len(np.unique(column)) for column in array.reshape(len(array), -1).T)


def _of_discrete_columns(trust: "Credibility", most: dict[str, int]) -> list[str]:
    """A sentence on sides of several discrete columns, whose distances tie though most of their rows differ."""
    from trainables.information.credibility.diagnostics import FEW_REPEATS
    from trainables.information.credibility.wording import NOTABLE_TIED_SHARE

    if trust.n is None or trust.k is None or (trust.tied_share or 0.0) < NOTABLE_TIED_SHARE:
        return []
    repeats = FEW_REPEATS * (trust.k + 1)
    sides = [name for name, count in most.items() if count <= trust.n / repeats and name not in trust.few_values]
    if not sides:
        return []
    told = " and ".join(f"no column of {name} has more than {most[name]} values" for name in sides)
    remedy = f"Take so few of the columns that each row occurs {repeats} times or more: then it counts as a label."
    return [f"{told[0].upper()}{told[1:]}, and KSG is for continuous variables. {remedy}"]


def _base(text: str) -> float:
    try:
        number = math.e if text == "e" else float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 1.0):
        raise UsageError(f"--base {text}: allowed are e and numbers above 1", next="--base 2 gives bits, --base e nats")
    return number


def _arrays(file: Path) -> tuple[Any, Any]:
    """The arrays x and y of the archive, without unpickling. Raises UsageError, which names the problem of the file."""
    import numpy as np

    try:
        stream = file.open("rb")
    except FileNotFoundError:
        raise UsageError(f"{file}: no such file", next=HOW_TO_WRITE) from None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror or error}", next=HOW_TO_WRITE) from None
    with stream:  # of a file that is no archive, numpy would leave its own open
        try:
            archive = np.load(stream, allow_pickle=False)
        except OSError as error:
            raise UsageError(f"{file}: cannot be read: {error.strerror or error}", next=HOW_TO_WRITE) from None
        except Exception:
            raise UsageError(f"{file}: not a NumPy archive (.npz)", next=HOW_TO_WRITE) from None
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise UsageError(f"{file}: holds one array, not an archive (.npz) of x and y", next=HOW_TO_WRITE)
        return _array(file, archive, "x"), _array(file, archive, "y")


def _array(file: Path, archive: Any, name: str) -> Any:
    if name not in archive.files:
        held = ", ".join(archive.files) or "nothing"
        raise UsageError(f"{file}: no array '{name}': it holds {held}; x and y are needed", next=HOW_TO_WRITE)
    try:
        array = archive[name]
    except Exception as error:
        if "pickle" in str(error):
            raise UsageError(f"{file}: {name} holds Python objects: numbers are needed", next=HOW_TO_WRITE) from None
        raise UsageError(f"{file}: {name} is damaged: {error}", next=HOW_TO_WRITE) from None
    if not hasattr(array, "dtype"):
        raise UsageError(f"{file}: {name} is not a NumPy array", next=HOW_TO_WRITE)
    return array


def _remedy(file: Path, x_rows: tuple[int, ...], y_rows: tuple[int, ...], k: int, estimator: str) -> str:
    if x_rows == y_rows and x_rows and 1 < x_rows[0] <= k:
        return f"sweep mi {_quoted(file)} --neighbors {x_rows[0] - 1}, or more samples"
    return f"sweep mi {_quoted(file)} --estimator ksg" if estimator == "npeet" else HOW_TO_WRITE


def _quoted(file: Path) -> str:
    return shlex.quote(str(file))


def _as_json(file: Path, trust: "Credibility", estimator: str, seed: int, most: dict[str, int]) -> dict[str, Any]:
    return {"file": str(file), "estimator": estimator, "seed": seed, "column_values": most} | asdict(trust)


def _rows(trust: "Credibility") -> Rows:
    from trainables.information import unit

    samples = f"{trust.n:,} samples, {' + '.join(map(str, trust.dims or ()))} dimensions, k = {trust.k}"
    rows = [["mutual information", f"{_number(trust.bits)} {unit(trust.base)}", samples]]
    share = f"{100 * trust.ceiling_share:.1f} % of it reached" if trust.ceiling_share is not None else ""
    rows.append(["ceiling", _number(trust.ceiling_bits), share])
    rows.append(["shuffled pairs", _number(trust.null_bits), "what there is without dependence"])
    rows.append(["standard error", _number(trust.standard_error_bits), "from disjoint parts; blind to bias"])
    rows.append(["scale ratio", _number(trust.scale_ratio), "typical neighbor distance in y, in units of that in x"])
    rows.append(["balanced", _number(trust.balanced_bits), "each side in units of its own neighbor distances"])
    if trust.label_bits is not None:
        side, count = next(iter(trust.few_values.items()))
        limit = f"{side} has {count} values: Ross's estimate, at most H({side}) = {_number(trust.label_entropy_bits)}"
        rows.append([f"with {side} as labels", _number(trust.label_bits), limit])
    rows += [[f"N = {n:,}", _number(bits), _steadiness(trust, n)] for n, bits in trust.n_curve.items()]
    rows += [[f"k = {k}", _number(bits), ""] for k, bits in trust.k_curve.items()]
    rows.append(["spread over noise", _number(trust.noise_spread_bits), "largest minus smallest over seeds"])
    rows.append(["tied", _percent(trust.tied_share), "of the points: two neighbors equally far, at place k"])
    sides = f"of x: {_percent(trust.x_duplicate_share)}, of y: {_percent(trust.y_duplicate_share)}"
    rows.append(["duplicates", _percent(trust.duplicate_share), f"of the rows (x, y); {sides}"])
    rows.append(["saturated", _percent(trust.saturated_share), "of the values are 1 or -1, where all lie between"])
    return rows + [["not known", "", reason] for reason in (trust.reason or "").split("; ") if reason]


def _steadiness(trust: "Credibility", n: int) -> str:
    if n != trust.n or trust.is_converged is None:
        return "mean over disjoint parts" if n != trust.n else ""
    return "steady" if trust.is_converged else "not converged"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
