"""Seeds where they decide: looks at a sweep at fixed numbers of seeds, each paying its part of the 5 % of error.

Imported by `commands`. Not here: how a claim is judged (`claims`), how points are computed (`sweep.driver`).
"""

from analysis.sequential.decisions import Decision, decided_at, open_networks
from analysis.sequential.looks import LOOKS, Look, looks
from analysis.sequential.until_decided import Decisions, run_until_decided

__all__ = ["LOOKS", "Decision", "Decisions", "Look", "decided_at", "looks", "open_networks", "run_until_decided"]
