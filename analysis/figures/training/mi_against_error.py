"""Final mutual information against final test error, one mark per run, with their rank correlation."""

from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from analysis.figures.drawing import style
from analysis.figures.drawing.layout import sheet
from analysis.figures.drawing.scales import error_axis
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.figures.rows.error_rows import final_rows
from analysis.figures.rows.slices import choose
from analysis.figures.training.trajectories import PANEL_TITLES
from analysis.quantities import BALANCED_BITS, PAPER_BITS, TEST_ERROR, present, with_any
from analysis.statistics import FEWEST_PAIRS, Estimate, rank_correlation

NEEDS = "needs two or more finished, trained points with MI of the first and the last layer"
OWN = ["architecture", "width", "depth"]
PARTS = ("value", "low", "high")
LEGENDS = {PAPER_BITS: "With the paper's quantity", BALANCED_BITS: "On the balanced scale"}


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """One row per finished run: error and MI at its last epoch; `rank_correlation.COLUMN` is that of its architecture.

    Spearman's rank correlation of error and that column, over the runs of all widths and depths shown; `low` and `high`
    are its 95 % interval, which a perfect correlation lacks. Empty where either is constant, and for fewer than
    `FEWEST_PAIRS` runs, which may have equal ranks by chance.
    """
    rows = final_rows(epochs, points)
    bits = present(rows)
    rows = with_any(rows, bits)
    if len(rows) < 2:
        raise NothingToDraw(NEEDS)
    shown = choose(points, set(rows["point_id"]), OWN, style.in_order(points["architecture"]))
    drawn = shown.select(rows).reset_index(drop=True)
    for column in bits:
        by_network = {name: _correlation(runs, column) for name, runs in drawn.groupby("architecture")}
        for part in PARTS:
            of_part = {name: getattr(estimate, part) if estimate else None for name, estimate in by_network.items()}
            drawn[_name(column, part)] = drawn["architecture"].map(of_part).astype(float)
    sentences = [
        f"{captions.describe(shown)}; {captions.seeds(drawn, OWN)} per network, width and depth, one mark per run",
        captions.measurement(shown, drawn),
        f"ρ: Spearman's rank correlation over the n runs of a network, {_mixed(drawn)}, with its 95 % interval, from "
        f"n = {FEWEST_PAIRS} on",
        *(note.rstrip(".") for note in captions.series_note(drawn)),
    ]
    return FigureData(
        table=drawn,
        title="Final mutual information against final test error",
        caption=". ".join(sentences) + ".",
        colour_by="architecture",
        warnings=captions.warnings(shown, points, drawn),
    )


def _correlation(runs: pd.DataFrame, column: str) -> Estimate | None:
    measured = runs.dropna(subset=[column])
    if len(measured) < FEWEST_PAIRS:
        return None
    return rank_correlation(measured[column].to_numpy(float), measured[TEST_ERROR].to_numpy(float))


def _mixed(drawn: pd.DataFrame) -> str:
    several = [f"{name}s" for name in ("width", "depth") if drawn[name].nunique() > 1]
    return f"of all {' and '.join(several)} together" if several else "of one width and depth"


def _name(column: str, part: str) -> str:
    return f"rank_correlation.{column}" + f".{part}" * (part != "value")


def draw(data: FigureData) -> Canvas:
    """A panel per mutual information, colour and mark by architecture."""
    rows = data.table
    networks = style.in_order(rows["architecture"])
    with rc_context(style.RC):
        bits = present(rows)
        canvas, axes = sheet(data, 1, len(bits), 2.8, [(LEGENDS[column], _keys(rows, column)) for column in bits])
        for axis, column in zip(axes[0], bits, strict=True):
            for name in networks:
                runs = rows[rows["architecture"] == name]
                axis.plot(runs[column], runs[TEST_ERROR], **_mark(name))
            axis.margins(x=0.06)
            axis.set_title(PANEL_TITLES[column], loc="left")
            axis.set_xlabel("Final mutual information of first and last layer (bits)")
        error_axis(axes[0, 0], rows[TEST_ERROR])
        axes[0, 0].set_ylabel("Final test error (share of validation images)", labelpad=1)
    return canvas


def _keys(rows: pd.DataFrame, column: str) -> list[Artist]:
    """Legend handles with the rank correlation of each network, if it has enough runs, and the number of runs."""
    keys: list[Artist] = []
    for name in style.in_order(rows["architecture"]):
        runs = rows[rows["architecture"] == name].dropna(subset=[column])
        rho, low, high = (runs[_name(column, part)].max() for part in PARTS)
        text = f"ρ = {rho:+.2f}" if rho == rho else "no ρ"
        text = (text + (f" [{low:+.2f}, {high:+.2f}]" if low == low else "")).replace("-", "−")
        keys.append(Line2D([], [], label=f"{style.long_label(name)}: {text}, n = {len(runs)}", **_mark(name)))
    return keys


def _mark(architecture: str) -> dict[str, Any]:
    colour = style.colours("architecture", [architecture])[architecture]
    return {
        "ls": "none",
        "marker": style.MARKERS.get(architecture, "o"),
        "color": colour,
        "ms": 4,
        "mew": 0,
        "alpha": 0.8,
    }
