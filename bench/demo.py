"""The main job, beside scikit-learn: two data sets that it ships and a generated text-like one, L2 and L1.

    python -m bench.demo

Every line is one fit from zero to a relative suboptimality of about 1e-6: objective, certified gap, readings of X,
coefficients that are not zero, seconds.  scikit-learn runs the solver that is its fastest here, at a tolerance that
reaches a similar objective.  No intercept, because its liblinear would penalise it.
"""

from __future__ import annotations

import time
import warnings

from bench.environment import available_cpus, clear_blas_overrides

clear_blas_overrides()

import numpy as np  # noqa: E402
from sklearn.datasets import load_breast_cancer, load_digits  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

import fastlr  # noqa: E402
from bench.problems import text  # noqa: E402

HEADER = f"{'':<34}{'objective':>13}{'gap':>10}{'passes':>8}{'nonzeros':>10}{'seconds':>9}"


def objective(X, y, coef, l1, l2):
    """The core objective at coef, y in {-1, +1}."""
    return np.mean(np.logaddexp(0.0, -y * (X @ coef))) + l1 * np.abs(coef).sum() + 0.5 * l2 * coef @ coef


def ours(X, y, l1, l2):
    """One fit with fastlr, as a line of the table."""
    began = time.perf_counter()
    result = fastlr.fit_logistic(X, y, l1=l1, l2=l2, fit_intercept=False, tol=1e-6)
    seconds = time.perf_counter() - began
    return (
        f"  {'fastlr ' + result.solver:<32}{result.objective:>13.9f}{result.duality_gap:>10.1e}{result.n_passes:>8.1f}"
        f"{np.count_nonzero(result.coef):>10,d}{seconds:>9.3f}"
    )


def theirs(X, y, l1, l2, solver, tol):
    """The same fit with scikit-learn, as a line of the table."""
    strength = l1 or l2
    model = SklearnLogisticRegression(
        C=1.0 / (strength * len(y)), l1_ratio=float(l1 > 0), solver=solver, tol=tol, fit_intercept=False, max_iter=500
    )
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    seconds = time.perf_counter() - began
    coef = model.coef_[0]
    return (
        f"  {'scikit-learn ' + solver:<32}{objective(X, y, coef, l1, l2):>13.9f}{'':>10}{'':>8}"
        f"{np.count_nonzero(coef):>10,d}{seconds:>9.3f}"
    )


def problems():
    """(title, X, y in {-1, +1}, scikit-learn's solver and tolerance for L2)."""
    X, y = load_breast_cancer(return_X_y=True)
    yield (
        "breast cancer, standardised",
        StandardScaler().fit_transform(X),
        np.where(y, 1.0, -1.0),
        "newton-cholesky",
        1e-6,
    )
    X, y = load_digits(return_X_y=True)
    yield "digits, zero against the rest", X / 16.0, np.where(y == 0, 1.0, -1.0), "newton-cholesky", 1e-6
    X, y = text(400_000, 50_000, 60, seed=2)
    yield "generated text", X, y, "newton-cg", 1e-4


def main():
    """Fit every problem twice with each library."""
    print(f"fastlr {fastlr.__version__}, {available_cpus()} CPUs")
    for title, X, y, solver, tol in problems():
        n, p = X.shape
        strongest = np.abs(X.T @ y).max() / (2 * n)
        for penalty, l1, l2 in (
            ("L2, C = 1", 0.0, 1.0 / n),
            ("L1, a tenth of its largest useful strength", strongest / 10, 0.0),
        ):
            print(f"\n{title}, {n:,} x {p:,}, {penalty}\n{HEADER}")
            print(ours(X, y, l1, l2), flush=True)
            print(theirs(X, y, l1, l2, "liblinear" if l1 else solver, 1e-3 if l1 else tol), flush=True)


if __name__ == "__main__":
    main()
