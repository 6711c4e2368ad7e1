"""KSG-1 and KSG-2 are JIDT's, by stored values of JIDT; benchmarks/jidt_values.py wrote them and says how."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.jidt_values import sample
from trainables.information import mutual_information

CASES = json.loads(Path(__file__).with_name("jidt.json").read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "N{n}-{dx}+{dy}-k{k}".format(**case))
@pytest.mark.parametrize(("estimator", "key"), [("ksg", "ksg1_nats"), ("ksg2", "ksg2_nats")])
def test_value_is_jidts(case: dict[str, Any], estimator: str, key: str) -> None:
    x, y = sample(*(case[name] for name in ("seed", "n", "dx", "dy")))
    found = mutual_information(x, y, case["k"], base=np.e, noise=0.0, estimator=estimator).bits
    assert found == pytest.approx(case[key], abs=1e-9)
