"""Figures 4A, 4B, 5A and 5B of Hodas & Stinis 2018: test error against mutual information, a trace per training run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from analysis.figures.drawing import marks, style
from analysis.figures.drawing.layout import sheet
from analysis.figures.drawing.scales import error_axis
from analysis.figures.drawing.style import number
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.figures.rows.slices import choose
from analysis.quantities import BALANCED_BITS, PAPER_BITS, TEST_ERROR, present, traces

PANEL_TITLES = {
    PAPER_BITS: "KSG as NPEET computes it (the paper's quantity)",
    BALANCED_BITS: "Balanced scale (each layer in its own unit of distance)",
}
X_LABEL = "Mutual information of first and last layer (bits)"
ARROWS_ON_EVERY_TRACE = 12


@dataclass(frozen=True)
class Trajectories:
    """One of the four figures.

    title: its heading. colour_by: its own variable, beside the architecture. architectures: those it shows.
    at_least: how many of them one slice must hold. needs: what it asks for, the beginning of the message of
    NothingToDraw. points_only: every epoch a mark and no line, as in figure 5B; else thin lines with a few marks.
    """

    title: str
    colour_by: str
    architectures: Sequence[str]
    at_least: int
    needs: str
    points_only: bool = False

    def table(self, epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
        """Test error and mutual information (bits): one row per measured epoch of each point of the chosen slice."""
        return _numbers(self, epochs, points)

    def draw(self, data: FigureData) -> Canvas:
        """A panel per mutual information present, the error axis shared."""
        return _draw(data, self.points_only)


FIGURES = {
    "fig4a": Trajectories(
        title="Hodas & Stinis 2018, Figure 4A: nets of various layer widths",
        colour_by="width",
        architectures=("mlp", "shortcut"),
        at_least=2,
        needs="needs measured points of both mlp and shortcut at one depth",
    ),
    "fig4b": Trajectories(
        title="Hodas & Stinis 2018, Figure 4B: nets of various numbers of hidden layers",
        colour_by="depth",
        architectures=("mlp", "shortcut"),
        at_least=2,
        needs="needs measured points of both mlp and shortcut at one width",
    ),
    "fig5a": Trajectories(
        title="Hodas & Stinis 2018, Figure 5A: ResNets of various widths, without any shortcut",
        colour_by="width",
        architectures=("resnet",),
        at_least=1,
        needs="needs measured points of resnet",
    ),
    "fig5b": Trajectories(
        title="Hodas & Stinis 2018, Figure 5B: combinations of shortcut (S) and residuals (Res)",
        colour_by="architecture",
        architectures=style.ARCHITECTURES,
        at_least=2,
        needs="needs measured points of two or more architectures at one width and depth",
        points_only=True,
    ),
}


def _numbers(figure: Trajectories, epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    architectures, at_least, needs = figure.architectures, figure.at_least, figure.needs
    rows = traces(epochs, points)
    rows = rows[rows["architecture"].isin(architectures)]
    found_text = f"; measured in this sweep: {', '.join(rows['architecture'].unique()) or 'none of these'}"
    if rows.empty:
        raise NothingToDraw(needs + found_text)
    if points["epochs"].max() > 0 and rows["epoch"].max() == 0:
        raise NothingToDraw(f"{needs}; nothing is trained yet: there are untrained networks only")
    own = list(dict.fromkeys(["architecture", figure.colour_by]))
    shown = choose(points, set(rows["point_id"]), own, architectures)
    drawn = shown.select_with_controls(rows).reset_index(drop=True)
    controls, drawn = drawn[drawn["frozen"]], drawn[~drawn["frozen"]]
    if drawn["architecture"].nunique() < at_least:
        apart = ", but not together" if rows["architecture"].nunique() >= at_least else ""
        raise NothingToDraw(needs + found_text + apart)
    columns = [column for column in drawn if column not in (PAPER_BITS, BALANCED_BITS)] + present(drawn)
    drawn, controls = drawn[columns], controls[columns]
    absent = [style.ARCHITECTURE_LABELS[a] for a in architectures if a not in set(drawn["architecture"])]
    mark = "one mark per epoch and seed" if figure.points_only else "one trace per seed"
    sentences = [
        f"{captions.describe(shown)}; {captions.seeds(drawn, own)} per {_words(own, architectures)}, {mark}",
        captions.measurement(shown, drawn),
        *([f"Not measured in this slice: {', '.join(absent)}"] if absent else []),
        *([captions.CONTROL] if len(controls) else []),
        *captions.series_note(drawn),
    ]
    return FigureData(
        table=pd.concat([drawn, controls], ignore_index=True),
        title=figure.title,
        caption=". ".join(sentence.rstrip(".") for sentence in sentences) + ".",
        colour_by=figure.colour_by,
        warnings=captions.warnings(shown, points, drawn),
    )


def _draw(data: FigureData, points_only: bool) -> Canvas:
    palette = style.colours(data.colour_by, _levels(_trained(data.table), data.colour_by))
    with rc_context(style.RC):
        columns = present(data.table)
        canvas, axes = sheet(data, 1, len(columns), 3.1, _legends(data, palette, points_only))
        for axis, column in zip(axes.flat, columns, strict=True):
            _panel(axis, data, column, palette, points_only)
        error_axis(axes[0, 0], data.table[TEST_ERROR])
        axes[0, 0].set_ylabel("Test error (share of validation images)")
        for axis, column in zip(axes.flat, columns, strict=True):
            if data.colour_by != "architecture" and len(palette) > 1:
                measured = _trained(data.table).dropna(subset=[column])
                marks.start_labels(axis, measured, column, data.colour_by, palette)
        for axis, column in zip(axes.flat, columns, strict=True):
            _arrows(axis, data, column, palette)
    return canvas


def _panel(axis: Axes, data: FigureData, column: str, palette: dict[Any, str], points_only: bool) -> None:
    rows = _trained(data.table).dropna(subset=[column])
    crowded = rows["point_id"].nunique() > ARROWS_ON_EVERY_TRACE
    controls = data.table[data.table["frozen"]].dropna(subset=[column])
    for _, trace in controls.groupby("point_id", sort=True):
        marks.trace(axis, trace, column, style.CONTROL_COLOUR, points_only, crowded)
        marks.ends(axis, trace, column, style.CONTROL_COLOUR, style.MARKERS[trace.iloc[0]["architecture"]])
    for _, trace in rows.groupby("point_id", sort=True):
        first = trace.iloc[0]
        marks.trace(axis, trace, column, palette[first[data.colour_by]], points_only, crowded)
    for _, trace in rows.groupby("point_id", sort=True):
        first = trace.iloc[0]
        marks.ends(axis, trace, column, palette[first[data.colour_by]], style.MARKERS[first["architecture"]])
    axis.set_title(PANEL_TITLES[column], loc="left")
    axis.set_xlabel(X_LABEL)
    axis.margins(x=0.05)
    axis.autoscale_view()
    axis.set_xlim(axis.get_xlim())


def _arrows(axis: Axes, data: FigureData, column: str, palette: dict[Any, str]) -> None:
    """Arrows along every trace of a small figure; of a crowded one, along the lowest finished seed of each series."""
    rows = _trained(data.table).dropna(subset=[column])
    rows = rows.assign(unfinished=rows["state"] != "finished")
    firsts = rows.sort_values(["unfinished", "seed", "point_id", "epoch"]).drop_duplicates("point_id")
    if len(firsts) > ARROWS_ON_EVERY_TRACE:
        firsts = firsts.drop_duplicates(list(dict.fromkeys(["architecture", data.colour_by])))
    for point_id in firsts["point_id"]:
        trace = rows[rows["point_id"] == point_id]
        colour = palette[trace.iloc[0][data.colour_by]]
        marks.arrows(axis, trace[column].to_numpy(float), trace[TEST_ERROR].to_numpy(float), colour)


def _legends(data: FigureData, palette: dict[Any, str], points_only: bool) -> list[tuple[str, list[Artist]]]:
    shown = _levels(_trained(data.table), "architecture")
    blocks: list[tuple[str, list[Artist]]] = []
    if data.colour_by == "architecture":
        handles = [marks.key(palette[a], style.ARCHITECTURE_LABELS[a], a, points_only) for a in shown]
        blocks.append(("Network", list(handles)))
    else:
        levels = [Line2D([], [], color=colour, lw=2.2, label=number(n)) for n, colour in palette.items()]
        blocks.append((style.VARIABLE_LABELS[data.colour_by], list(levels)))
        if len(shown) > 1:
            blocks.append(("Network", [marks.key("#333333", style.LONG_LABELS[a], a, points_only) for a in shown]))
    marker = style.MARKERS[shown[0]] if len(shown) == 1 else "o"
    control = [Line2D([], [], color=style.CONTROL_COLOUR, lw=2.2, label=style.CONTROL_LABEL)]
    ends = marks.end_keys(data.table, marker)
    blocks.append(("One trace, start to end", [*ends, *(control if data.table["frozen"].any() else [])]))
    return blocks


def _trained(table: pd.DataFrame) -> pd.DataFrame:
    return table[~table["frozen"]]


def _levels(table: pd.DataFrame, column: str) -> list[Any]:
    values = table[column].unique().tolist()
    if column == "architecture":
        return style.in_order(values)
    return sorted(values)


def _words(own: Sequence[str], architectures: Sequence[str]) -> str:
    named = [column for column in own if column != "architecture" or len(architectures) > 1]
    return " and ".join("network" if column == "architecture" else column for column in named)
