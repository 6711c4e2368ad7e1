"""Commands that read: presets, status, show. None of them writes."""

import time
from dataclasses import asdict
from typing import Annotated

import typer

from sweep.cli import options
from sweep.commands import DEFAULT_STORE, command_line
from sweep.console import print_json, print_table, talk
from sweep.errors import UsageError
from sweep.progress import LiveView, Status, Watch, pace
from sweep.spec import SweepSpec
from sweep.spec import presets as packaged
from sweep.store import Store, load, log_tail
from trainables.config import TrialConfig
from trainables.records import PairRecord

LOG_LINES = 20
WATCH_SECONDS = 2.0


def presets(as_json: options.Json = False) -> None:
    """List the packaged specs, with size and purpose."""
    found = [load(name) for name in packaged()]
    if as_json:
        print_json([{"name": one.name, "points": len(one.points), "description": one.description} for one in found])
        return
    print_table(["preset", "points", "purpose"], [[one.name, str(len(one.points)), one.description] for one in found])


def status(
    sweep: options.Sweep,
    store: options.Store = DEFAULT_STORE,
    watch: Annotated[bool, typer.Option("--watch", help="Keep showing it until the driver ends.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show counts, rate, time left, and whether the driver is alive or lost."""
    watched = Watch(Store(store), sweep, Store(store).spec(sweep).points)
    current = watched.status()
    if watch:
        with LiveView(watched.status, talk):
            while current.driver.state == "alive":
                time.sleep(WATCH_SECONDS)
                current = watched.status()
    if as_json:
        print_json(current.as_json())
    else:
        _print_status(current, store)


def _print_status(current: Status, store: str) -> None:
    rows = [["points", str(current.points_total)]]
    rows += [[f"  {state}", str(count)] for state, count in current.counts.items() if count]
    rows += [["epochs", f"{current.epochs_done:,} of {current.epochs_total:,}"]]
    rows += [["pace", pace(current)], ["driver", str(current.driver)]]
    print_table([f"sweep {current.sweep}", ""], rows)
    unfinished = current.counts["missing"] + current.counts["interrupted"]
    if current.driver.state != "alive" and unfinished:
        talk.print(f"next: {command_line('resume', current.sweep, store=store)}", soft_wrap=True)


def show(
    sweep: options.Sweep,
    point: Annotated[str, typer.Argument(metavar="POINT", help="A point's id, or its beginning.")],
    store: options.Store = DEFAULT_STORE,
    as_json: options.Json = False,
) -> None:
    """Show one point: config, result, provenance, attempts, log, and how to run it alone."""
    opened = Store(store)
    config = _find(opened.spec(sweep), point, store)
    known = opened.state(config)
    provenance = known.provenance
    kept = opened.spec_address(sweep)
    alone = command_line("run", kept, "--point", config.point_id, store="alone")
    if as_json:
        fields: dict[str, object] = {
            "point_id": config.point_id,
            "state": known.state,
            "config": config.model_dump(mode="json"),
        }
        attempts = [asdict(attempt) for attempt in known.attempts]
        fields |= {"epochs_done": known.epochs_done, "provenance": provenance, "attempts": attempts, "alone": alone}
        fields["log"] = opened.log(config.point_id, known.attempts[-1].number) if known.attempts else ""
        print_json(fields)
        return
    rows = [["state", str(known.state)], ["epochs", f"{known.epochs_done} of {config.epochs}"]]
    if known.history:
        last = known.history[-1]
        rows.append(["test error", f"{last.test_error:.4f}"])
        for pair in last.pairs:
            rows += [[f"MI {pair.pair}", _in_words(pair)], *_trust_in_words(pair)]
    print_table([config.point_id, ""], rows)
    print_table(["config", ""], [[key, str(value)] for key, value in config.flat().items()])
    print_table(["provenance", ""], [[key, str(value)] for key, value in provenance.items()])
    if changes := provenance.get("git_diff_sha256"):
        print(f"uncommitted changes it was computed with: {opened.objects.where(opened.diff_name(changes))}\n")
    for attempt in known.attempts:
        log = [line.split(" ", 1) for line in attempt.log[-LOG_LINES:]]
        when = f"{attempt.started} to {attempt.ended or 'an end unknown'}, from epoch {attempt.from_epoch}"
        other = {key: str(value) for key, value in attempt.provenance.items() if value != provenance.get(key)}
        rows = [[when, ""], *([key, value] for key, value in other.items()), *log]
        print_table([f"attempt {attempt.number} on {attempt.host}", ""], rows)
        if attempt.failure:
            print(f"{attempt.failure.kind}: {attempt.failure.message}\n{attempt.failure.traceback}")
    if known.attempts and (lines := log_tail(opened, config.point_id, known.attempts[-1].number, LOG_LINES)):
        print(f"printed by attempt {known.attempts[-1].number}, the end:")
        print("\n".join(f"  {line}" for line in lines), flush=True)
    talk.print(f"to run it alone, in a store of its own: {alone}", soft_wrap=True)


def _find(spec: SweepSpec, beginning: str, store: str) -> TrialConfig:
    found = [point for point in spec.points if point.point_id.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    some = ", ".join(point.point_id for point in (found or spec.points)[:5])
    what = f"{len(found)} points begin with" if found else "no point begins with"
    again = command_line("show", spec.name, (found or spec.points)[0].point_id, store=store)
    raise UsageError(f"{what} '{beginning}' in sweep {spec.name}: there are {some}, ...", next=again)


def _in_words(pair: PairRecord) -> str:
    values = {"": pair.mutual_information_bits, "balanced ": pair.mutual_information_balanced_bits}
    words = [f"{name}{value:.3f} bits" for name, value in values.items() if value is not None]
    return ", ".join(words) if words else pair.reason or "not measured"


def _trust_in_words(pair: PairRecord) -> list[list[str]]:
    """Rows that say how far to trust the value, and the layer's Jacobian; none for what was not measured."""
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
    words = {
        name: [f"{key} {value:.3f}".strip() for key, value in row.items() if value is not None]
        for name, row in rows.items()
    }
    words["  images"] = [f"{key} {100 * share:.1f} %" for key, share in shares.items() if share is not None]
    spectrum = {
        "mean": pair.jacobian_mean_squared_singular_value,
        "deviation": pair.jacobian_spread_squared_singular_value,
    }
    words["  squared singular values"] = [f"{key} {value:.3g}" for key, value in spectrum.items() if value is not None]
    return [[name, ", ".join(row)] for name, row in words.items() if row]


def retry_kinds(text: str | None) -> tuple[str, ...]:
    """The kinds of failure, and digests of causes, named in a comma-separated list; `all` names every kind."""
    from sweep.failures import DIGEST, KINDS

    kinds = tuple(kind.strip() for kind in (text or "").split(",") if kind.strip())
    for kind in kinds:
        if kind not in (*KINDS, "all") and not DIGEST.fullmatch(kind):
            raise UsageError(
                f"--retry {kind}: unknown kind of failure; allowed are {', '.join(KINDS)}, all, "
                "or a cause as `sweep failures` names it",
                next="the same with --retry all",
            )
    return KINDS if "all" in kinds else kinds
