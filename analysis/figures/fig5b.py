"""Figure 5B of Hodas & Stinis 2018: the four architectures at one width and depth, each epoch a point."""

import pandas as pd
from matplotlib.figure import Figure as Canvas

from analysis.figures.drawing.style import ARCHITECTURES
from analysis.figures.model import FigureData
from analysis.figures.training.trajectories import draw_trajectories, trajectory_data


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """Test error and mutual information (bits) per epoch and run, colour per architecture; at least two of the four."""
    return trajectory_data(
        epochs,
        points,
        title="Hodas & Stinis 2018, Figure 5B: combinations of shortcut (S) and residuals (Res)",
        colour_by="architecture",
        architectures=ARCHITECTURES,
        at_least=2,
        mark="one mark per epoch and seed",
        needs="fig5b needs measured points of two or more architectures at one width and depth",
    )


def draw(data: FigureData) -> Canvas:
    """Test error against mutual information, every epoch a mark."""
    return draw_trajectories(data, points_only=True)
