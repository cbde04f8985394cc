"""Small fits: fastlr through both entries against scikit-learn's solvers, call by call in turn.

python -m bench.micro.small

L2 with C = 1 and a free intercept.  Each scikit-learn solver runs at its default tol, whatever it reaches there, and at
the loosest tol that reaches the target (liblinear penalises the intercept and does not); the fastest one counts.
"""

from __future__ import annotations

import argparse
import warnings

from bench.harness.environment import clear_blas_overrides

clear_blas_overrides()

import numpy as np  # noqa: E402
import scipy.sparse as sp  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

from bench import RESULTS  # noqa: E402
from bench.data.sklearn_sets import breast_cancer  # noqa: E402
from bench.harness.penalty import Penalty  # noqa: E402
from bench.harness.timing import seconds_of  # noqa: E402
from bench.harness.two_classes import objective  # noqa: E402

TABLE = RESULTS / "small.txt"
PEERS = ("lbfgs", "newton-cholesky", "newton-cg", "liblinear")
TOLERANCES = 10.0 ** -np.arange(1.0, 11.0)
TARGET = 1e-6  # relative suboptimality
SECONDS = 1.5  # for each way of fitting
CALLS = 3000  # at most


def generated(n: int, p: int, density: float = 1.0):
    """X (n, p) of Gaussian columns, CSR if the density is below one, and labels 0 and 1 of a logistic model."""
    rng = np.random.default_rng(n + p)
    X = rng.standard_normal((n, p))
    if density < 1.0:
        X *= rng.random((n, p)) < density
    y = (X @ rng.standard_normal(p) + rng.logistic(size=n) > 0.0).astype(np.float64)
    return (X if density == 1.0 else sp.csr_array(X)), y


PROBLEMS = {
    "100 x 2": lambda: generated(100, 2),
    "200 x 5": lambda: generated(200, 5),
    "200 x 5, float32": lambda: (lambda X, y: (X.astype(np.float32), y))(*generated(200, 5)),
    "1,000 x 20": lambda: generated(1000, 20),
    "breast cancer 569 x 30": breast_cancer,
    "72 x 72": lambda: generated(72, 72),
    "CSR 500 x 50, 10 %": lambda: generated(500, 50, 0.1),
}


def peers(X, y, least: float) -> dict[str, tuple[str, ...]]:
    """{name: (model, columns of the table for which it counts)} of scikit-learn's solvers."""
    penalty = Penalty(1.0 / len(y), 0.0, "l2-C1")

    def reaches(model) -> bool:
        model.fit(X, y)
        value = objective(X, 2.0 * y - 1.0, model.coef_[0].astype(float), float(model.intercept_[0]), penalty)
        return value <= least * (1.0 + TARGET)

    found = {}
    for solver in PEERS:
        model = LogisticRegression(solver=solver, max_iter=10_000)
        found[f"{solver}"] = (model, ("default", "target") if reaches(model) else ("default",))
        for tol in TOLERANCES:
            model = LogisticRegression(solver=solver, max_iter=10_000, tol=tol)
            if reaches(model):
                found[f"{solver} {tol:.0e}"] = (model, ("target",))
                break
    return found


def times(ways) -> dict[str, np.ndarray]:
    """Seconds of each call, by name; the ways take turns, so that all meet the same machine."""
    record: dict[str, list[float]] = {name: [] for name in ways}
    spent = dict.fromkeys(ways, 0.0)
    while active := [name for name in ways if spent[name] < SECONDS and len(record[name]) < CALLS]:
        for name in active:
            for _ in range(5):
                record[name].append(seconds_of(ways[name]))
                spent[name] += record[name][-1]
    return {name: np.array(seconds) for name, seconds in record.items()}


def row(label: str, X, y) -> str:
    """One problem: microseconds (least and median) of both entries, and of the best peer by either measure."""
    from fastlr import LogisticRegression as Ours, fit_logistic

    l2 = 1.0 / len(y)
    competitors = peers(X, y, fit_logistic(X, y, l2=l2, tol=1e-14).objective)
    ways = {"fit_logistic": lambda: fit_logistic(X, y, l2=l2), "estimator": lambda: Ours().fit(X, y)}
    ways |= {name: lambda model=model: model.fit(X, y) for name, (model, _) in competitors.items()}
    found = {name: 1e6 * seconds for name, seconds in times(ways).items()}
    text = f"{label:<24}"
    for name in ("fit_logistic", "estimator"):
        text += f"{found[name].min():>9.0f}{np.median(found[name]):>7.0f}"
    for column in ("default", "target"):
        able = [name for name, (_, columns) in competitors.items() if column in columns]
        best = min(able, key=lambda name: found[name].min())
        ratio = found[best].min() / found["estimator"].min()
        text += f"{found[best].min():>9.0f}{np.median(found[best]):>7.0f} {best:<22}{ratio:>6.1f}"
    return text


def main() -> None:
    """Print the table and keep it."""
    argparse.ArgumentParser(prog="python -m bench.micro.small", description=__doc__.splitlines()[0]).parse_args()
    warnings.simplefilter("ignore")
    lines = [
        "microseconds, least and median of up to 3,000 calls in turn; ratio = least of the peer / of the estimator",
        f"{'problem':<24}{'fit_logistic':>16}{'estimator':>16}{'best peer, default tol':>39}{'ratio':>6}"
        f"{'best peer, 1e-6':>39}{'ratio':>6}",
    ]
    print("\n".join(lines), flush=True)
    for label, make in PROBLEMS.items():
        lines.append(row(label, *make()))
        print(lines[-1], flush=True)
    TABLE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
