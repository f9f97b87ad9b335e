"""The metrics of other libraries beside ours, each under the protocol of that library.

Theirs are called on features, below what reads pictures and runs networks.
"""

import contextlib
import dataclasses
import io
import warnings
from collections.abc import Callable

import numpy as np

from jaxgan.metrics import (
    density_coverage,
    frechet_distance,
    inception_score,
    kernel_distance,
    normal_frechet_distance,
    precision_recall,
)

Figures = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of features of samples and of real examples."""


@dataclasses.dataclass(frozen=True)
class Pair:
    """One metric by two libraries.

    Attributes:
        metric: what it is, and by which protocol.
        library: name of the other library's module.
        ours: by jaxgan.
        theirs: by the other library.
        tolerance: how far they may differ, relative to the figure.
    """

    metric: str
    library: str
    ours: Figures
    theirs: Figures
    tolerance: float = 1e-4


def pairs(*, subsets: int = 100, subset_size: int = 1000) -> list[Pair]:
    """All of them.

    Args:
        subsets: of the kernel distance.
        subset_size: of the kernel distance.
    """
    drawn = {"subsets": subsets, "subset_size": subset_size}

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.array(kernel_distance(x, y, **drawn))

    def other_kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        from torch_fidelity.metric_kid import kid_features_to_metric

        options = {"kid_subsets": subsets, "kid_subset_size": subset_size, "verbose": False}
        return np.array([*kid_features_to_metric(*_tensors(x, y), **options).values()])

    def clean_kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        # Its subsets are of the second set first, by NumPy's generator for everything.
        return np.array([kernel_distance(y, x, **drawn).mean])

    def other_clean_kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        from cleanfid.fid import kernel_distance as theirs

        before = np.random.get_state()  # noqa: NPY002
        np.random.seed(2020)  # noqa: NPY002
        try:
            return np.array([theirs(x, y, subsets, subset_size)])
        finally:
            np.random.set_state(before)  # noqa: NPY002

    return [
        Pair("inception score, deviation", "torch_fidelity", _inception, _torch_fidelity_inception),
        Pair("precision, recall (k=3)", "torch_fidelity", _precision, _torch_fidelity_precision),
        Pair("precision, recall, density, coverage (k=5)", "prdc", _prdc, _other_prdc),
        Pair("kernel distance, deviation", "torch_fidelity", kernel, other_kernel, 1e-5),
        Pair("kernel distance", "cleanfid", clean_kernel, other_clean_kernel, 1e-5),
        Pair("Fréchet distance", "torch_fidelity", _frechet, _torch_fidelity_frechet),
        Pair("Fréchet distance", "cleanfid", _frechet_of_statistics, _clean_frechet),
    ]


def _tensors(*arrays: np.ndarray) -> list:
    import torch

    return [torch.from_numpy(x) for x in arrays]


def _frechet(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.array([frechet_distance(x, y)])


def _torch_fidelity_frechet(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    statistics = [fid_features_to_statistics(tensor) for tensor in _tensors(x, y)]
    return np.array([*fid_statistics_to_metric(*statistics, verbose=False).values()])


def _statistics(x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    return [
        of(a) for a in (x, y) for of in (lambda a: a.mean(0), lambda a: np.cov(a, rowvar=False))
    ]


def _frechet_of_statistics(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.array([normal_frechet_distance(*_statistics(x, y))])


def _clean_frechet(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    from cleanfid.fid import frechet_distance as theirs

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of an argument of SciPy's
        return np.array([theirs(*_statistics(x, y))])


def _inception(x: np.ndarray, _: np.ndarray) -> np.ndarray:
    return np.array(inception_score(x))


def _torch_fidelity_inception(x: np.ndarray, _: np.ndarray) -> np.ndarray:
    from torch_fidelity.metric_isc import isc_features_to_metric

    return np.array([*isc_features_to_metric(*_tensors(x)).values()])


def _precision(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.array(precision_recall(x, y))


def _torch_fidelity_precision(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    from torch_fidelity.metric_prc import prc_features_to_metric

    found = prc_features_to_metric(*_tensors(x, y), verbose=False)
    return np.array([found["precision"], found["recall"]])


def _prdc(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.array([*precision_recall(x, y, k=5, strict=True), *density_coverage(x, y)])


def _other_prdc(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    import prdc

    with contextlib.redirect_stdout(io.StringIO()):
        found = prdc.compute_prdc(y, x, 5)
    return np.array([found[name] for name in ("precision", "recall", "density", "coverage")])
