"""Figure 5A of Hodas & Stinis 2018: residual networks without the shortcut, for various layer widths."""

import pandas as pd
from matplotlib.figure import Figure as Canvas

from analysis.figures.model import FigureData
from analysis.figures.training.trajectories import draw_trajectories, trajectory_data


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """Test error and mutual information (bits) per epoch and run of resnet, colour per layer width."""
    return trajectory_data(
        epochs,
        points,
        title="Hodas & Stinis 2018, Figure 5A: ResNets of various widths, without any shortcut",
        colour_by="width",
        architectures=("resnet",),
        at_least=1,
        needs="fig5a needs measured points of resnet",
    )


def draw(data: FigureData) -> Canvas:
    """Test error against mutual information, one trace per seed."""
    return draw_trajectories(data)
