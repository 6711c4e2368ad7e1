"""Which code computes the numbers of a point: an identity per component, from what its definitions say.

Not here: who compares identities (`sweep.system.provenance`, `sweep.planning.changes`).
"""

from trainables.identity import components
from trainables.identity.source import code_sha256

__all__ = ["code_sha256", "components"]
