"""Problems and plain references shared by the tests."""

import numpy as np
import scipy.sparse as sp

LAYOUTS = ("C", "F", "csr", "csc")


def as_layout(X, layout, dtype=np.float64, index=np.int32):
    """X (a dense array) in one of the four layouts."""
    if layout in ("C", "F"):
        return np.asarray(X, dtype=dtype, order=layout)
    compressed = {"csr": sp.csr_array, "csc": sp.csc_array}[layout](np.asarray(X, dtype=dtype))
    compressed.indices = compressed.indices.astype(index)
    compressed.indptr = compressed.indptr.astype(index)
    return compressed


def make_problem(n=300, p=12, density=0.5, seed=0, imbalance=0.3):
    """A dense array with zeros and labels in {0, 1} from a logistic model."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * (rng.random((n, p)) < density)
    X += 0.3 * (X != 0)  # means away from zero, so that the intercept matters
    w = rng.standard_normal(p)
    y = (X @ w + imbalance + rng.logistic(size=n) > 0).astype(float)
    return X, y


def objective(X, y, coef, intercept, l1=0.0, l2=0.0, weight=None):
    """The core objective in plain NumPy."""
    eta = X @ coef + intercept
    loss = np.logaddexp(0, eta) - y * eta
    return np.average(loss, weights=weight) + 0.5 * np.sum(l2 * coef**2) + np.sum(l1 * np.abs(coef))
