"""MI with a label equals its slow, obvious twin, scikit-learn's in one dimension, and the truth where it is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import digamma
from sklearn.feature_selection._mutual_info import _compute_mi_cd

from tests.trainables.information.conftest import distances
from trainables.information import DegenerateInput, mutual_information_with_labels


def twin_bits(x: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Ross 2014, eq. 1, as it is written; points whose label no other has are left out."""
    kept = np.array([np.count_nonzero(labels == label) > 1 for label in labels])
    x, labels = x[kept], labels[kept]
    terms = []
    for i in range(len(x)):
        of_x = distances(x, i)
        same = labels == labels[i]
        neighbors = min(k, np.count_nonzero(same) - 1)
        radius = np.sort(of_x[same])[neighbors - 1]
        near = np.count_nonzero(of_x < radius) + 1
        terms.append(digamma(neighbors) - digamma(np.count_nonzero(same)) - digamma(near))
    return (digamma(len(x)) + np.mean(terms)) / np.log(2)


def classes(n: int, d: int, shift: float = 1.0, count: int = 3) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(n)
    labels = generator.integers(0, count, n)
    return generator.normal(size=(n, d)) + shift * labels[:, np.newaxis], labels


@pytest.mark.parametrize(("n", "d"), [(40, 1), (65, 4), (300, 70), (250, 210)])
@pytest.mark.parametrize("k", [1, 3, 10])
def test_value_is_the_twins(n: int, d: int, k: int) -> None:
    x, labels = classes(n, d)
    assert mutual_information_with_labels(x, labels, k, noise=0.0).bits == pytest.approx(
        twin_bits(x, labels, k), abs=1e-12
    )


@given(data=st.data(), n=st.integers(6, 130), d=st.integers(1, 12), k=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_equality_under_ties_duplicates_and_small_classes(data: st.DataObject, n: int, d: int, k: int) -> None:
    values = st.one_of(st.sampled_from([-1.0, 0.0, 1.0]), st.floats(-10, 10, allow_subnormal=False))
    distinct = data.draw(arrays(np.float64, (5, d), elements=values))
    x = distinct[data.draw(arrays(np.int64, n, elements=st.integers(0, 4)))]
    x = x + data.draw(st.sampled_from([0.0, 0.5])) * np.random.default_rng(n).integers(-1, 2, size=x.shape)
    labels = data.draw(arrays(np.int64, n, elements=st.integers(0, 4)))
    assert mutual_information_with_labels(x, labels, k, noise=0.0).bits == pytest.approx(
        twin_bits(x, labels, k), abs=1e-12
    )


@pytest.mark.parametrize("k", [1, 3, 7])
@pytest.mark.parametrize("shift", [0.5, 3.0])
def test_value_is_scikit_learns_in_one_dimension(shift: float, k: int) -> None:
    x, labels = classes(500, 1, shift)
    labels = np.concatenate([labels[:-4], [7, 8, 8, 8]])
    ours = mutual_information_with_labels(x, labels, k, base=np.e, noise=0.0).bits
    assert ours == pytest.approx(_compute_mi_cd(x, labels, k), abs=1e-12)


@pytest.mark.parametrize("factor", [1e-6, 37.0, 1e5])
def test_value_ignores_the_scale(factor: float) -> None:
    x, labels = classes(400, 5)
    found = mutual_information_with_labels(factor * x, labels, noise=0.0).bits
    assert found == pytest.approx(mutual_information_with_labels(x, labels, noise=0.0).bits, abs=1e-9)


def test_separated_classes_reach_the_ceiling_and_useless_labels_tell_nothing() -> None:
    x, labels = classes(2000, 3, shift=100.0, count=4)
    estimate = mutual_information_with_labels(x, labels)
    assert estimate.bits == pytest.approx(estimate.ceiling_bits, abs=1e-9)
    assert estimate.ceiling_bits == pytest.approx(2.0, abs=0.01)
    shuffled = np.random.default_rng(0).permutation(labels)
    assert mutual_information_with_labels(x, shuffled).bits == pytest.approx(0, abs=0.1)
    assert mutual_information_with_labels(x, np.zeros(2000)).bits == pytest.approx(0, abs=1e-9)


def test_labels_of_any_kind_are_classes() -> None:
    x, labels = classes(300, 2, count=2)
    expected = mutual_information_with_labels(x, labels)
    for same in (labels > 0, labels.astype(str), [["no", "yes"][label] for label in labels], 0.1 * labels[:, None]):
        assert mutual_information_with_labels(x, same) == expected


def test_value_does_not_depend_on_threads() -> None:
    samples = classes(1500, 20)
    assert len({mutual_information_with_labels(*samples, threads=threads) for threads in (None, 1, 3)}) == 1


X, LABELS = classes(50, 2)
REFUSED = {
    "NaN": (np.full((50, 2), np.nan), LABELS, r"x\[0, 0\] = nan"),
    "label NaN": (X, np.where(LABELS == 1, np.nan, 0.0), r"labels\[\d+\] is not finite"),
    "lengths": (X, LABELS[:-1], "x has 50 rows and labels has 49"),
    "two labels per row": (X, np.stack([LABELS, LABELS], axis=1), r"labels have shape \(50, 2\)"),
    "objects": (X, np.array([None] * 50), "labels have dtype object"),
    "labels that never repeat": (X, np.arange(50), "none of the 50 labels occurs twice"),
    "too few samples": (X[:3], LABELS[:3], "N = 3 samples with k = 3"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_input_is_named(name: str) -> None:
    x, labels, message = REFUSED[name]
    with pytest.raises(DegenerateInput, match=message):
        mutual_information_with_labels(x, labels)


@pytest.mark.parametrize("options", [{"k": 0}, {"base": 1}, {"noise": -1.0}, {"threads": 0}])
def test_wrong_arguments_raise(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="= "):
        mutual_information_with_labels(X, LABELS, **options)  # type: ignore[arg-type]
