"""How sure a classifier is of samples, and how various they are to it."""

import numpy as np
from scipy.special import log_softmax

from jaxgan.metrics.distances import feature_sets
from jaxgan.metrics.estimate import Estimate


def inception_score(logits: np.ndarray, *, splits: int = 10, seed: int | None = 2020) -> Estimate:
    r"""The inception score of samples, by their logits.

    $$exp(mean_n KL(p(y | x_n) ‖ p(y))), \quad p(y) = mean_n p(y | x_n)$$

    in each of the splits. From 1, where all samples look alike to the classifier, to K. It says
    nothing of the data, and means what the literature means only by Inception's own logits.

    Args:
        logits: `[N, K]`, finite, with any constant added to a row: logarithms of probabilities
            too. NVIDIA's are those without the bias of the last layer, torch-fidelity's likewise.
        splits: how many parts the samples are divided into, from 1 to N. Part i is from
            `i * N // splits` on.
        seed: the samples are shuffled before by NumPy's `RandomState(seed)`, as torch-fidelity
            does; not where None.

    Returns:
        Mean and deviation over the splits; computed in float64.

    Raises:
        ValueError: where the logits will not do, or are fewer than the splits.

    References:
        Salimans, Goodfellow, Zaremba, Cheung, Radford and Chen, "Improved techniques for training
        GANs" (2016), section 4.

    >>> round(inception_score(100 * np.eye(4), splits=1).mean, 6)
    4.0
    """
    (x,) = feature_sets(logits, least=1)
    if not 1 <= splits <= len(x):
        raise ValueError(
            f"{len(x)} samples cannot be divided into {splits} splits: give 1 to {len(x)}"
        )
    if seed is not None:
        x = x[np.random.RandomState(seed).permutation(len(x))]
    log_p = log_softmax(x, axis=1)
    scores = []
    for split in range(splits):
        part = log_p[split * len(x) // splits : (split + 1) * len(x) // splits]
        log_mean = np.log(np.exp(part).mean(axis=0, keepdims=True).clip(np.finfo(float).tiny))
        scores.append(np.exp(np.sum(np.exp(part) * (part - log_mean), axis=1).mean()))
    return Estimate(float(np.mean(scores)), float(np.std(scores)))
