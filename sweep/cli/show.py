"""The command `show`: everything that the store holds of one point."""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from sweep.cli import options
from sweep.cli.completion import point_ids
from sweep.cli.on_cluster import run_on_cluster_if_asked
from sweep.commands import command_line
from sweep.console import print_json, print_table, print_text, say
from sweep.errors import UsageError
from sweep.spec import SweepSpec
from sweep.store import Attempt, PointState, Store
from trainables.config import TrialConfig
from trainables.records import PairRecord

LOG_LINES = 20
WIDTH = 52
"""Of a value, in letters: with its name it fits a terminal of 80."""

NOISE = re.compile(
    r"failed call to cuInit|All log messages before absl::InitializeLog|computation_placer|cuda_executor"
)
"""What TensorFlow prints on every machine without a GPU; `--json` has the whole log."""


def show(
    sweep: options.Sweep,
    point: Annotated[
        str, typer.Argument(metavar="POINT", autocompletion=point_ids, help="A point's id, or its beginning.")
    ],
    shared: options.Stored,
    cluster: options.OnCluster,
    as_json: options.Json = False,
) -> None:
    """Show one point: config, result, provenance, attempts, log, and how to run it alone."""
    run_on_cluster_if_asked(cluster)
    store = Store(shared.store)
    config = _find(store.spec(sweep), point, shared.store)
    state = store.state(config)
    alone = command_line("run", store.spec_address(sweep), "--point", config.point_id, store="alone")
    if as_json:
        print_json(_as_json(config, state, store, alone))
        return
    rows = [["state", str(state.state)], ["epochs", f"{state.epochs_done} of {config.epochs}"]]
    if state.history:
        last = state.history[-1]
        rows.append(["test error", f"{last.test_error:.4f}"])
        for pair in last.pairs:
            rows += [[f"MI {pair.pair}", _in_words(pair)], *_trust_in_words(pair)]
    print_table([config.point_id, ""], rows)
    print_table(["config", ""], _entries(config.flat()))
    print_table(["provenance", ""], _entries(state.provenance))
    if changes := state.provenance.get("git_diff_sha256"):
        print(f"uncommitted changes it was computed with: {store.diff_address(changes)}\n")
    for attempt in state.attempts:
        _print_attempt(attempt, state.provenance)
    if state.attempts and (lines := store.log_tail(config.point_id, state.attempts[-1].number, LOG_LINES)):
        print(f"printed by attempt {state.attempts[-1].number}, the end:")
        print_text("\n".join(f"  {line}" for line in lines if not NOISE.search(line)))
    say(f"to run it alone, in a store of its own: {alone}")


def _print_attempt(attempt: Attempt, provenance: Mapping[str, Any]) -> None:
    """An attempt, with the entries of its provenance that differ from the point's."""
    when = {"started": attempt.started, "ended": attempt.ended or "unknown", "from epoch": attempt.from_epoch}
    log = [row for line in attempt.log[-LOG_LINES:] for row in _entries(dict([line.split(" ", 1)]))]
    other = {key: value for key, value in attempt.provenance.items() if value != provenance.get(key)}
    rows = [*_entries(when), *_entries(other), *log]
    print_table([f"attempt {attempt.number} on {attempt.host}", ""], rows)
    if attempt.failure:
        message = textwrap.indent(attempt.failure.message, "  ")
        print_text(f"{attempt.failure.kind}:\n{message}\n{textwrap.indent(attempt.failure.traceback, '  ')}")


def _entries(values: Mapping[str, Any]) -> list[list[str]]:
    """A row for each value that is there; versions and the like in words, on as many lines as they take."""
    rows: list[list[str]] = []
    for key, value in values.items():
        text = ", ".join(f"{name} {item}" for name, item in value.items()) if isinstance(value, Mapping) else value
        lines = textwrap.wrap("" if text is None else str(text), WIDTH)
        rows += [[key if number == 0 else "", line] for number, line in enumerate(lines)]
    return rows


def _as_json(config: TrialConfig, state: PointState, store: Store, alone: str) -> dict[str, object]:
    return {
        "point_id": config.point_id,
        "state": state.state,
        "config": config.model_dump(mode="json"),
        "epochs_done": state.epochs_done,
        "provenance": state.provenance,
        "attempts": [asdict(attempt) for attempt in state.attempts],
        "alone": alone,
        "log": store.log(config.point_id, state.attempts[-1].number) if state.attempts else "",
    }


def _find(spec: SweepSpec, beginning: str, store: str) -> TrialConfig:
    """The point of the spec with that name, or whose id begins so; raises UsageError when none or several do."""
    named = [point for point in spec.points if point.name == beginning]
    points = named or [point for point in spec.points if point.point_id.startswith(beginning)]
    if len(points) == 1:
        return points[0]
    examples = ", ".join(point.point_id for point in (points or spec.points)[:5])
    problem = f"{len(points)} points begin with" if points else "no point begins with"
    again = command_line("show", spec.name, (points or spec.points)[0].point_id, store=store)
    raise UsageError(f"{problem} '{beginning}' in sweep {spec.name}: there are {examples}, ...", next=again)


def _in_words(pair: PairRecord) -> str:
    values = {"": pair.mutual_information_bits, "balanced ": pair.mutual_information_balanced_bits}
    parts = [f"{name}{value:.3f} bits" for name, value in values.items() if value is not None]
    return ", ".join(parts) if parts else pair.reason or "not measured"


def _trust_in_words(pair: PairRecord) -> list[list[str]]:
    """Rows with the diagnostics of the value, and with the layer's Jacobian; only those that were measured."""
    rows = {
        "  limits": {
            "ceiling": pair.mi_ceiling_bits,
            "shuffled": pair.mi_null_bits,
            "standard error": pair.mi_standard_error_bits,
        },
        "  fewer images": {"N/4": pair.mi_quarter_n_bits, "N/2": pair.mi_half_n_bits},
        "  other k": {"k = 1": pair.mi_k1_bits, "k = 5": pair.mi_k5_bits, "k = 10": pair.mi_k10_bits},
        "  spread over noise seeds": {"": pair.mi_noise_spread_bits},
    }
    shares = {"tied": pair.mi_tied_share, "duplicates": pair.mi_duplicate_share, "saturated": pair.mi_saturated_share}
    texts = {
        name: [f"{key} {value:.3f}".strip() for key, value in row.items() if value is not None]
        for name, row in rows.items()
    }
    texts["  images"] = [f"{key} {100 * share:.1f} %" for key, share in shares.items() if share is not None]
    spectrum = {
        "mean": pair.jacobian_mean_squared_singular_value,
        "deviation": pair.jacobian_spread_squared_singular_value,
    }
    texts["  squared singular values"] = [f"{key} {value:.3g}" for key, value in spectrum.items() if value is not None]
    return [[name, ", ".join(row)] for name, row in texts.items() if row]
