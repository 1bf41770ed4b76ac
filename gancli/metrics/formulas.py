"""Figures of merit of a set of generated samples, from the features a judge network gives them.

All functions take float arrays of shape (samples, features), compute in float64 and are pure: the same arrays
and the same seed give the same figure.  Distances are taken in blocks of rows, so memory stays bounded.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from gancli.base.errors import GanError

Features = NDArray[np.float64]
Moments = tuple[Features, Features]


def moments(features: Features) -> Moments:
    """Return the mean and the covariance of the features.

    features: (N, D) with N >= 2; the mean is (D,), the covariance (D, D), unbiased (divided by N - 1).
    """
    table = _table(features, at_least=2)
    centre = table.mean(axis=0)
    away = table - centre
    return centre, away.T @ away / (len(table) - 1)


class Running:
    """Computes the float64 moments of features that are added in parts (Chan et al., 1983)."""

    def __init__(self) -> None:
        self.count, self._mean, self._scatter = 0, np.zeros(0), np.zeros((0, 0))

    def add(self, features: Features) -> None:
        """Add rows (N, D), N >= 1."""
        table = _table(features, at_least=1)
        centre, before = table.mean(axis=0), self.count
        self.count += len(table)
        away = table - centre
        if not before:
            self._mean, self._scatter = centre, away.T @ away
            return
        step = centre - self._mean
        self._mean = self._mean + step * (len(table) / self.count)
        self._scatter += away.T @ away + np.outer(step, step) * (before * len(table) / self.count)

    def moments(self) -> Moments:
        """Return the mean (D,) and the unbiased covariance (D, D) of all rows; raises GanError for fewer than 2."""
        if self.count < 2:
            raise GanError(f"Moments need at least 2 rows, got {self.count}.")
        return self._mean, self._scatter / (self.count - 1)


def frechet_distance(real: Moments, fake: Moments) -> float:
    """Return the squared Fréchet distance of two Gaussians given by their mean and covariance.

    real, fake: (mean (D,), covariance (D, D)); >= 0, lower is better, in squared feature units; biased upwards where
    the moments are of few samples, so compare at equal numbers only.  FID, arXiv 1706.08500.
    """
    (mean_r, cov_r), (mean_f, cov_f) = real, fake
    # sqrt(S1) S2 sqrt(S1) has the eigenvalues of S1 S2 and is symmetric, so eigh stays real where S1 or S2 is singular.
    root = _symmetric_root(cov_r)
    product = root @ cov_f @ root
    shared = np.sqrt(np.linalg.eigvalsh((product + product.T) / 2).clip(min=0)).sum()
    apart = np.square(mean_r - mean_f).sum()
    return max(0.0, float(apart + np.trace(cov_r) + np.trace(cov_f) - 2 * shared))


def kernel_distance(real: Features, fake: Features, subsets: int, subset_size: int, seed: int) -> float:
    """Return the squared maximum mean discrepancy under the kernel (x.y / D + 1)^3, averaged over random subsets.

    real (N, D), fake (M, D); subset_size is lowered to N or M where they are smaller; unbiased, so near 0 and
    of either sign for equal distributions, lower is better.  KID, arXiv 1801.01401.
    """
    _same_width(real, fake)
    x, y = _tensor(real, at_least=2), _tensor(fake, at_least=2)
    size = min(subset_size, len(x), len(y))
    if subsets < 1 or size < 2:
        raise GanError(f"KID needs subsets >= 1 and subset_size >= 2, got {subsets} and {subset_size}.")
    rng = np.random.default_rng(seed)
    draws = [_discrepancy(x[_pick(rng, len(x), size)], y[_pick(rng, len(y), size)]) for _ in range(subsets)]
    return float(np.mean(draws))


def precision_recall(real: Features, fake: Features, k: int = 3, *, chunk: int = 512) -> tuple[float, float]:
    """Return the share of fake inside the real manifold (precision) and of real inside the fake one (recall).

    real (N, D), fake (M, D) with N, M > k; both in [0, 1], higher is better; a manifold is the union of balls
    reaching each point's k-th neighbour; chunk is rows per block of distances.  arXiv 1904.06991.
    """
    x, y, slack = _centred(real, fake, k)
    precision = _any_ball(y, x, _radii(x, k, chunk) + slack, chunk)
    recall = _any_ball(x, y, _radii(y, k, chunk) + slack, chunk)
    return precision, recall


def density_coverage(real: Features, fake: Features, k: int = 5, *, chunk: int = 512) -> tuple[float, float]:
    """Return how many real balls hold a fake sample, over k (density), and the share of balls holding one (coverage).

    real (N, D), fake (M, D) with N, M > k; density >= 0 with 1 for equal sets (it may exceed 1), coverage in
    [0, 1]; higher is better; chunk is rows per block of distances.  arXiv 2002.09797.
    """
    x, y, slack = _centred(real, fake, k)
    rims = torch.split(_radii(x, k, chunk) - slack, chunk)
    blocks = zip(_distances(x, y, chunk), rims, strict=True)
    held = torch.cat([(block < rim[:, None]).sum(dim=1) for block, rim in blocks])
    return float(held.sum()) / (k * len(y)), float((held > 0).double().mean())


def class_shares(labels: NDArray[np.integer], classes: int) -> Features:
    """Return the share of each class among the labels.

    labels: (N,) whole numbers in [0, classes), N >= 1; the result is (classes,), in [0, 1], summing to 1.
    """
    flat = np.asarray(labels).ravel()
    if not len(flat) or flat.min() < 0 or flat.max() >= classes:
        raise GanError(f"Class shares need at least one label, each from 0 to {classes - 1}.")
    return np.bincount(flat, minlength=classes) / len(flat)


def entropy(shares: Features) -> float:
    """Return the entropy of a distribution over classes.

    shares: (classes,), summing to 1; in nats, from 0 (one class only) to log(classes) (all alike); its exponential
    is the effective number of classes.
    """
    present = shares[shares > 0]
    return max(0.0, float(-(present * np.log(present)).sum()))


def _table(features: Features, at_least: int) -> Features:
    table = np.asarray(features, dtype=np.float64)
    if table.ndim != 2 or len(table) < at_least:
        raise GanError(f"Features must be a table of at least {at_least} rows, got shape {table.shape}.")
    if not np.isfinite(table).all():
        raise GanError("Features hold NaN or infinite values.", "The samples or the judge are broken.")
    return table


def _tensor(features: Features, at_least: int) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(_table(features, at_least)))


def _same_width(real: Features, fake: Features) -> None:
    if np.shape(real)[1:] != np.shape(fake)[1:]:
        raise GanError(f"Real and fake features differ in width: {np.shape(real)} and {np.shape(fake)}.")


def _symmetric_root(matrix: Features) -> Features:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(min=0))) @ vectors.T


def _pick(rng: np.random.Generator, count: int, size: int) -> torch.Tensor:
    return torch.from_numpy(rng.choice(count, size, replace=False))


def _discrepancy(x: torch.Tensor, y: torch.Tensor) -> float:
    """Unbiased squared MMD of two sets of m rows: the pairs of a row with itself are left out."""
    m = len(x)

    def within(kernel: torch.Tensor) -> torch.Tensor:
        return (kernel.sum() - kernel.diagonal().sum()) / (m * (m - 1))

    return float(within(_cubic(x, x)) + within(_cubic(y, y)) - 2 * _cubic(x, y).mean())


def _cubic(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (x @ y.T / x.shape[1] + 1) ** 3


def _centred(real: Features, fake: Features, k: int) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Both sets about the real mean, and the slack of squared distances under which two of them count as equal.

    The matrix-product form of a distance is off by a few units in the last place of the squared norms; without
    the slack a sample on the rim of a ball would be inside or outside depending on how rows fall into blocks.
    """
    _same_width(real, fake)
    if k < 1:
        raise GanError(f"The number of neighbours must be at least 1, got {k}.")
    x, y = _tensor(real, k + 1), _tensor(fake, k + 1)
    centre = x.mean(dim=0)
    x, y = x - centre, y - centre
    return x, y, 1e-12 * max(float(x.square().sum(dim=1).max()), float(y.square().sum(dim=1).max()))


def _distances(x: torch.Tensor, y: torch.Tensor, chunk: int) -> Iterator[torch.Tensor]:
    """Squared distances (rows of a block of x, all of y), one block after the other."""
    norms = y.square().sum(dim=1)
    for rows in torch.split(x, chunk):
        yield torch.addmm(rows.square().sum(dim=1)[:, None] + norms, rows, y.T, alpha=-2).clamp_(min=0)


def _radii(x: torch.Tensor, k: int, chunk: int) -> torch.Tensor:
    """Squared distance of each row to its k-th neighbour, itself not counted (it is the nearest, at 0)."""
    return torch.cat([block.kthvalue(k + 1, dim=1).values for block in _distances(x, x, chunk)])


def _any_ball(points: torch.Tensor, centres: torch.Tensor, radii: torch.Tensor, chunk: int) -> float:
    inside = [(block <= radii).any(dim=1) for block in _distances(points, centres, chunk)]
    return float(torch.cat(inside).double().mean())
