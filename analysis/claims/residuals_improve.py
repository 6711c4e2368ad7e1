"""Hodas & Stinis 2018, section 3 with figure 5B: residual connections add a mild improvement to both the traditional
MLP and the shortcut network, while the main improvement over the MLP is the shortcut's.

Judged on the four architectures of the same seed, all else equal, on the test error at matched epochs (the mean over
all epochs after the first step), on three differences, all below 0: MLP with residuals less without; shortcut network
with residuals less without; and shortcut alone less residuals alone (the residuals' improvement is the milder one).
"""

from analysis.claims.contrasts import between, error_at_matched_epochs
from analysis.claims.model import Claim, Effect
from analysis.claims.runs import across_architectures, has_errors


def _less(first: str, second: str, description: str) -> Effect:
    return Effect(
        f"error at matched epochs, {description}", "error", "below", between(error_at_matched_epochs, first, second)
    )


CLAIM = Claim(
    number=5,
    name="residuals-improve",
    statement="Residuals add a milder improvement to both the MLP and the shortcut network",
    paper="Hodas & Stinis 2018",
    section="3 Results, figure 5B",
    definition=__doc__,
    preset="fig5b",
    needs="the four architectures at the same width and depth",
    groups=across_architectures("mlp", "shortcut", "resnet", "shortcut_resnet"),
    is_measured=has_errors,
    effects=(
        _less("resnet", "mlp", "MLP with residuals less without"),
        _less("shortcut_resnet", "shortcut", "shortcut with residuals less without"),
        _less("shortcut", "resnet", "shortcut alone less residuals alone"),
    ),
    measures=("error",),
)
