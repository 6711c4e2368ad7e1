"""The sheet of a figure: title, caption and warnings on top, panels, then the legends; laid out in inches."""

import textwrap
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure as Canvas

from analysis.figures.drawing.style import CAPTION_COLOUR, WARNING_COLOUR, WIDTH_INCHES
from analysis.figures.model import FigureData

LEFT, RIGHT, GAP = 0.55, 0.12, 0.22
CAPTION_CHARACTERS, WARNING_CHARACTERS = 131, 106
LINE = 0.14
LONG_LABEL = 36
"""With longer labels the blocks are spread over the whole width; else they are close together."""
BELOW_PANELS, ABOVE_PANELS = 0.42, 0.24
LegendBlock = tuple[str, Sequence[Artist]]


def sheet(
    data: FigureData,
    rows: int,
    columns: int,
    row_height: float,
    legends: Sequence[LegendBlock],
    row_gap: float = GAP,
    *,
    one_x: bool = False,
) -> tuple[Canvas, np.ndarray]:
    """An empty figure with its texts, if there are any, and its legends, and its axes, shape (rows, columns).

    legends: blocks of a title and handles with labels, set side by side below the panels, if any. row_height in inches.
    one_x: whether all panels share the x axis, as one of epochs; else those of a column do.
    """
    caption = _wrap(data.caption, CAPTION_CHARACTERS)
    warnings = [line for text in data.warnings for line in _wrap(text, WARNING_CHARACTERS)]
    header = 0.3 * bool(data.title) + LINE * (len(caption) + len(warnings)) + (0.05 if warnings else 0)
    footer = LINE * (1 + max(_rows(handles) for _, handles in legends)) + 0.12 if legends else 0.0
    body = rows * row_height + (rows - 1) * row_gap
    height = header + ABOVE_PANELS + body + BELOW_PANELS + footer
    canvas = Canvas(figsize=(WIDTH_INCHES, height))
    _write_header(canvas, data.title, caption, warnings, height)
    if legends:
        _write_legends(canvas, legends, footer / height)
    bottom = (footer + BELOW_PANELS) / height
    axes = canvas.subplots(
        rows,
        columns,
        squeeze=False,
        sharex="all" if one_x else "col" if rows > 1 else False,
        sharey="row",
        gridspec_kw={
            "left": LEFT / WIDTH_INCHES,
            "right": 1 - RIGHT / WIDTH_INCHES,
            "bottom": bottom,
            "top": bottom + body / height,
            "wspace": GAP / ((WIDTH_INCHES - LEFT - RIGHT - GAP * (columns - 1)) / columns),
            "hspace": row_gap / row_height,
        },
    )
    return canvas, axes


def _write_header(canvas: Canvas, title: str, caption: Sequence[str], warnings: Sequence[str], height: float) -> None:
    left, top = 0.08 / WIDTH_INCHES, height - 0.08
    canvas.text(left, top / height, title, fontsize=9.5, fontweight="bold", va="top")
    top -= 0.22
    for line in caption:
        canvas.text(left, top / height, line, fontsize=7, color=CAPTION_COLOUR, va="top")
        top -= LINE
    top -= 0.05
    for line in warnings:
        canvas.text(left, top / height, line, fontsize=7.5, fontweight="bold", color=WARNING_COLOUR, va="top")
        top -= LINE


def _write_legends(canvas: Canvas, legends: Sequence[LegendBlock], height: float) -> None:
    starts = np.cumsum([0.0, *(_columns(handles) + 0.6 for _, handles in legends)])
    longest = max(len(str(handle.get_label())) for _, handles in legends for handle in handles)
    scale = (WIDTH_INCHES - LEFT) / max(starts[-1], 0.0 if longest > LONG_LABEL else 4.5)
    for (title, handles), (start, _) in zip(legends, pairwise(starts), strict=True):
        canvas.legend(
            handles=list(handles),
            title=title,
            ncols=_columns(handles),
            loc="upper left",
            bbox_to_anchor=((LEFT + start * scale) / WIDTH_INCHES, height),
            frameon=False,
            alignment="left",
            borderpad=0,
            borderaxespad=0,
            labelspacing=0.35,
            handlelength=2.4,
            columnspacing=1.2,
        )


def _columns(handles: Sequence[Artist]) -> int:
    return max(1, -(-len(handles) // 4))


def _rows(handles: Sequence[Artist]) -> int:
    return -(-len(handles) // _columns(handles))


def _wrap(text: str, characters: int) -> list[str]:
    """Lines that break at no hyphen and at no equals sign."""
    return textwrap.wrap(text.replace(" = ", "\u00a0=\u00a0"), characters, break_on_hyphens=False)
