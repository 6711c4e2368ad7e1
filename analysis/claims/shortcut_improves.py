"""Hodas & Stinis 2018, section 3 with figure 5B: the shortcut improves upon the traditional MLP, and most of all that
was tried; section 4: it speeds training and increases accuracy.

Judged on networks with and without shortcut of the same seed, all else equal, on two effects: the test error with
shortcut less that without, the mean over all epochs after the first step, below 0; and the epochs that the network
with shortcut takes less those of the one without, to the lowest error that both of the pair reach, below 0.
"""

from analysis.claims.contrasts import between, epochs_to_the_same_error, error_at_matched_epochs
from analysis.claims.model import Claim, Effect
from analysis.claims.runs import across_architectures, has_errors

CLAIM = Claim(
    number=4,
    name="shortcut-improves",
    statement="The shortcut improves on the MLP: lower error at matched epochs, fewer epochs to the same error",
    paper="Hodas & Stinis 2018",
    section="3 Results, figure 5B; 4 Discussion",
    definition=__doc__,
    preset="fig4a",
    needs="MLPs with and without shortcut at the same width and depth",
    groups=across_architectures("mlp", "shortcut"),
    is_measured=has_errors,
    effects=(
        Effect(
            "error at matched epochs, shortcut less MLP",
            "error",
            "below",
            between(error_at_matched_epochs, "shortcut", "mlp"),
        ),
        Effect(
            "epochs to the same error, shortcut less MLP",
            "epochs",
            "below",
            between(epochs_to_the_same_error, "shortcut", "mlp"),
        ),
    ),
    measures=("error",),
)
