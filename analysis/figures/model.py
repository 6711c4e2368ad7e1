"""LEAF. The types of a figure: its numbers with their texts, and the two functions that compute and draw them."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure as Canvas


class NothingToDraw(ValueError):
    """The sweep lacks the points of a figure; the message names them as a spec does."""


@dataclass(frozen=True)
class FigureData:
    """Everything that is drawn, as numbers and sentences.

    table: the numbers, one row per mark; exactly what is saved as the CSV behind the figure.
    title, caption: what the figure shows and for which slice of the sweep.
    warnings: what a reader must know before believing it, first of all that the sweep is incomplete.
    colour_by: the column of `table` that the colours tell apart.
    """

    table: pd.DataFrame
    title: str
    caption: str
    colour_by: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One entry of the registry: `table` makes the numbers (pure), `draw` makes the picture (reads nothing)."""

    table: Callable[[pd.DataFrame, pd.DataFrame], FigureData]
    draw: Callable[[FigureData], Canvas]
