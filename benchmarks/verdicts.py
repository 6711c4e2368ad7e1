"""How often verdicts are wrong, and how often right: simulated sweeps in worlds whose truth is known.

    python -m benchmarks.verdicts [--sweeps 1000]

Of each world, correlation of what one seed gives in different configs, and number of seeds: the share of each verdict
by the rules of `analysis.claims`, and by the earlier ones (`benchmarks.earlier_rules`) on the same numbers. Writes
benchmarks/results/verdicts.md, .csv and .png.
"""

import argparse
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.claims import Answer
from analysis.claims.findings import corrected, finding
from analysis.claims.model import SMALLEST_OF_INTEREST, Effect
from benchmarks import earlier_rules

RESULTS = Path(__file__).parent / "results"
SEEDS = (3, 5, 6, 10, 30)
CORRELATIONS = (0.0, 0.25, 0.5)
CONFIGS = 6
NOISE_BITS = 0.5
PROMISED, ALLOWED = 0.05, 0.06
EFFECT = Effect("effect", "bits", "above", lambda groups, reading: [])


@dataclass(frozen=True)
class World:
    """means: of each effect, by config, bits. right: the verdict that it deserves, to which more seeds must lead.

    wrong: those that it must not get more often than promised. is_best: its effects are what one setting has more than
    each of several others; each has one config.
    """

    means: tuple[tuple[float, ...], ...]
    right: str
    wrong: tuple[str, ...]
    is_best: bool = False


def flat(*effects: float) -> tuple[tuple[float, ...], ...]:
    return tuple((effect,) * CONFIGS for effect in effects)


DECIDED = ("supported", "contradicted")
MOSTLY = (0.6,) * 5 + (-0.6,)
WORLDS: Mapping[str, World] = {
    "nothing": World(flat(0.0, 0.0), "no effect", DECIDED),
    "as claimed": World(flat(0.4, 0.4), "supported", ("contradicted", "no effect")),
    "one of two as claimed": World(flat(0.4, 0.0), "no effect", DECIDED),
    "opposite": World(flat(-0.4, 0.4), "contradicted", ("supported", "no effect")),
    "smaller than of interest": World(flat(0.04, 0.4), "no effect", ("contradicted",)),
    "configs of both signs": World((MOSTLY,), "undecided", ("contradicted", "no effect")),
    "nine settings alike": World(tuple((0.0,) for _ in range(9)), "no effect", DECIDED, is_best=True),
    "better than nine settings": World(
        tuple((0.4,) for _ in range(9)), "supported", ("contradicted", "no effect"), is_best=True
    ),
}


def simulated(world: World, correlation: float, seeds: int, generator: np.random.Generator) -> list[np.ndarray]:
    """Numbers of each effect, (seeds, configs); each is what a config gives more than the one it is compared to.

    Where one setting is compared to others, all differences share the numbers of that setting.
    """
    of_seed = np.sqrt(correlation) * generator.normal(size=(seeds, 1))
    found = []
    shared = generator.normal(size=(seeds, 1))
    for means in world.means:
        own = generator.normal(size=(seeds, len(means)))
        if world.is_best:
            own = (own + shared) / np.sqrt(2)
        found.append(np.array(means) + NOISE_BITS * (of_seed + np.sqrt(1 - correlation) * own))
    return found


def ours(effects: list[np.ndarray], is_best: bool) -> str:
    """The verdict of `analysis.claims` on these numbers."""
    by_config = [
        {(("config", place),): dict(enumerate(map(float, column))) for place, column in enumerate(numbers.T)}
        for numbers in effects
    ]
    if is_best:
        rivals = {str(place): cells for place, cells in enumerate(by_config)}
        findings = [finding(EFFECT, "effect", rivals)]
    else:
        findings = [finding(EFFECT, f"effect {place}", {"": cells}) for place, cells in enumerate(by_config)]
    return str(Answer("NPEET", tuple(corrected(findings))).verdict)


def earlier(effects: list[np.ndarray], is_best: bool) -> str:
    """The verdict of the earlier rules on the same numbers; of a best setting, on the settings themselves."""
    if is_best:
        others = -np.concatenate(effects, axis=1)
        return earlier_rules.verdict_of_best(np.zeros(len(others)), others)
    return earlier_rules.verdict(effects)


def shares(world: World, correlation: float, seeds: int, sweeps: int) -> list[dict[str, object]]:
    generator = np.random.default_rng([round(100 * correlation), seeds])
    rules: dict[str, Callable[[list[np.ndarray], bool], str]] = {"now": ours, "earlier": earlier}
    counts = {name: Counter[str]() for name in rules}
    for _ in range(sweeps):
        effects = simulated(world, correlation, seeds, generator)
        for name, rule in rules.items():
            counts[name][rule(effects, world.is_best)] += 1
    right = {"now": world.right, "earlier": "undecided" if world.right == "no effect" else world.right}
    return [
        {"rules": name, "correlation": correlation, "seeds": seeds, "right": count[right[name]] / sweeps}
        | {"wrong": sum(count[verdict] for verdict in world.wrong) / sweeps}
        | {verdict: count[verdict] / sweeps for verdict in ("supported", "contradicted", "no effect", "undecided")}
        for name, count in counts.items()
    ]


def of_step(step: tuple[str, float, int], sweeps: int) -> list[dict[str, object]]:
    """The rows of one world, correlation and number of seeds."""
    name, correlation, seeds = step
    return [{"world": name} | row for row in shares(WORLDS[name], correlation, seeds, sweeps)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweeps", type=int, default=1000)
    sweeps = parser.parse_args().sweeps
    rows, began = [], time.monotonic()
    steps = [(name, correlation, seeds) for name in WORLDS for correlation in CORRELATIONS for seeds in SEEDS]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for done, found in enumerate(pool.map(of_step, steps, [sweeps] * len(steps)), 1):
            rows += found
            left = (time.monotonic() - began) / done * (len(steps) - done)
            print(f"{done} of {len(steps)}: {found[0]['world']}; {left:.0f} s left", flush=True)
    table = pd.DataFrame(rows)
    table.to_csv(RESULTS / "verdicts.csv", index=False, lineterminator="\n")
    (RESULTS / "verdicts.md").write_text(text(table, sweeps))
    drawn(table).savefig(RESULTS / "verdicts.png", dpi=140, metadata={"Software": None})


def text(table: pd.DataFrame, sweeps: int) -> str:
    """The results in words and as a table."""
    worst = table.groupby("rules")["wrong"].max()
    error = np.sqrt(PROMISED * (1 - PROMISED) / sweeps)
    lines = [
        "# How often verdicts are wrong",
        "",
        f"{sweeps:,} simulated sweeps for each row: {CONFIGS} configs, whose numbers have a deviation of {NOISE_BITS} "
        "bits and share the stated correlation where the seed is the same; effects below "
        f"{SMALLEST_OF_INTEREST['bits']} bits are not of interest. `python -m benchmarks.verdicts`; all shares are in "
        f"`verdicts.csv`. The standard error of a share of {PROMISED:.0%} is {error:.1%}.",
        "",
        f"**Wrong verdicts, where {PROMISED:.0%} are promised: now {worst['now']:.1%} at most, by the earlier rules "
        f"{worst['earlier']:.1%}.**",
        "",
        "The earlier rules had no verdict of no effect: where that is deserved, undecided counts as right for them.",
        "",
        "![shares](verdicts.png)",
        "",
    ]
    for name, world in WORLDS.items():
        of_world = table[table["world"] == name]
        lines += [
            f"## {name[0].upper()}{name[1:]}",
            "",
            f"Deserves: {world.right}. Wrong: {', '.join(world.wrong)}.",
            "",
        ]
        lines += [
            "| correlation | seeds | right now | wrong now | right earlier | wrong earlier |",
            "|---|---|---|---|---|---|",
        ]
        for (correlation, seeds), pair in of_world.groupby(["correlation", "seeds"]):
            by_rules = pair.set_index("rules")
            cells = [f"{by_rules.loc[rules, kind]:.1%}" for rules in ("now", "earlier") for kind in ("right", "wrong")]
            lines.append(f"| {correlation:g} | {seeds} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def drawn(table: pd.DataFrame) -> Figure:
    """Shares of right and wrong verdicts over the seeds, at the largest correlation."""
    canvas = Figure(figsize=(11, 5.6), layout="constrained")
    axes = canvas.subplots(2, len(WORLDS) // 2, sharex=True, sharey=True)
    chosen = table[table["correlation"] == max(CORRELATIONS)]
    for axis, name in zip(axes.flat, WORLDS, strict=True):
        for rules, dashes in (("now", "-"), ("earlier", "--")):
            rows = chosen[(chosen["world"] == name) & (chosen["rules"] == rules)]
            for kind, colour in (("right", "#2166AC"), ("wrong", "#B2182B")):
                axis.plot(rows["seeds"], rows[kind], dashes, color=colour, marker="o", ms=3, label=f"{kind}, {rules}")
        axis.axhline(PROMISED, color="#888888", lw=0.8, ls=":")
        axis.set_xscale("log")
        axis.set_xticks(SEEDS, [str(seeds) for seeds in SEEDS])
        axis.minorticks_off()
        axis.set_title(f"{name}: {WORLDS[name].right}", fontsize=8.5, loc="left")
    for axis in axes[-1]:
        axis.set_xlabel("Seeds")
    for axis in axes[:, 0]:
        axis.set_ylabel("Share of sweeps")
    axes.flat[0].legend(fontsize=7, frameon=False)
    canvas.suptitle(f"Verdicts by world, seeds correlated {max(CORRELATIONS)} between configs", x=0.01, ha="left")
    return canvas


if __name__ == "__main__":
    main()
