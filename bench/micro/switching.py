"""What a user of another library asks first, in figures: `python -m bench.micro.switching` (about a minute).

How far predicted probabilities are from those of the optimum at default tolerances, what a data frame costs a fit, and
what warm starts save on a path of L1 fits.  docs/switching.md quotes it.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from functools import partial

from bench.harness.environment import clear_blas_overrides

clear_blas_overrides()

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import polars as pl  # noqa: E402
from sklearn.datasets import make_classification  # noqa: E402
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression  # noqa: E402

from bench import RESULTS  # noqa: E402
from bench.data.sklearn_sets import breast_cancer, digits  # noqa: E402
from bench.harness.timing import shortest_of_rounds  # noqa: E402
from fastlr import LogisticRegression  # noqa: E402

TABLE = RESULTS / "switching.txt"
MANY = 10_000  # iterations, so that nobody ends short of its tolerance
PATH = 100  # fits of a path


def generated(n: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    """X (n, p) of which a quarter of the columns are informative, and targets of two classes."""
    return make_classification(n, p, n_informative=p // 4, random_state=0)


def probabilities() -> Iterator[str]:
    """Largest and root mean square distance of probabilities at default tolerances from those of a tight fit."""
    yield f"{'largest distance of a probability from the optimum':<52}{'scikit-learn':>14}{'fastlr':>10}"
    yield f"{'(and root mean square; bound on it from the gap)':<52}"
    for name, (X, y), C in (
        ("digits", digits(), 1.0),
        ("digits", digits(), 100.0),
        ("digits, pixels 0 to 16", (16 * digits()[0], digits()[1]), 1.0),
        ("breast cancer, scaled", breast_cancer(), 1.0),
        ("breast cancer, scaled", breast_cancer(), 100.0),
        ("generated, 10,000 x 20", generated(10_000, 20), 1.0),
        ("generated, 2,000 x 200", generated(2_000, 200), 1.0),
    ):
        optimum = LogisticRegression(C=C, tol=1e-13, max_iter=MANY).fit(X, y).predict_proba(X)
        ours = LogisticRegression(C=C, max_iter=MANY).fit(X, y)
        theirs = SklearnLogisticRegression(C=C, max_iter=MANY).fit(X, y)
        distances = [np.abs(model.predict_proba(X) - optimum).max(axis=1) for model in (theirs, ours)]
        largest = "".join(f"{distance.max():>12.5f}" for distance in distances)
        squares = ", ".join(f"{np.sqrt(np.mean(distance**2)):.5f}" for distance in distances)
        yield f"{f'{name}, C = {C:g}':<52}{largest}  (rms {squares}; bound {np.sqrt(ours.duality_gap_ / 2):.5f})"


def few_rows() -> tuple[np.ndarray, np.ndarray]:
    """The first 200 rows and 5 columns of the breast cancer set."""
    X, y = breast_cancer()
    return np.ascontiguousarray(X[:200, :5]), y[:200]


def fit(X, y) -> LogisticRegression:
    """A fitted estimator with the default parameters."""
    return LogisticRegression().fit(X, y)


def frames() -> Iterator[str]:
    """Microseconds of a fit of arrays and of data frames."""
    problems = {"200 x 5": few_rows(), "breast cancer": breast_cancer(), "200,000 x 20": generated(200_000, 20)}
    for problem, (X, y) in problems.items():
        names = [f"column{j}" for j in range(X.shape[1])]
        tables = {"array": X, "polars": pl.DataFrame(X, names), "pandas": pd.DataFrame(X, columns=names)}
        calls = [partial(fit, table, y) for table in tables.values()]
        times = shortest_of_rounds(calls, 20 if len(y) > 1000 else 500)
        for kind, seconds in zip(tables, times, strict=True):
            yield f"{f'one fit, {problem}, {kind}':<52}{1e6 * seconds:>12.0f} us"


def path(X, y, warm_start: bool) -> LogisticRegression:
    """The last of 100 L1 fits whose strengths fall from lambda_max, where all is zero, to a thousandth of it."""
    largest = np.abs(X.T @ (y - y.mean())).max()
    model = LogisticRegression(l1_ratio=1, warm_start=warm_start)
    for C in np.geomspace(1, 1000, PATH) / largest:
        model.set_params(C=C).fit(X, y)
    return model


def paths() -> Iterator[str]:
    """Seconds of a path of L1 fits, each from zero and each from the one before."""
    X, y = digits()
    problems = {"breast cancer": breast_cancer(), "digits, odd": (X, y % 2), "20,000 x 100": generated(20_000, 100)}
    for name, (X, y) in problems.items():
        zero, warm = shortest_of_rounds([partial(path, X, y, False), partial(path, X, y, True)], 5)
        yield f"{f'{PATH} L1 fits, {name}: from zero, warm':<52}{zero:>10.2f} s{warm:>8.2f} s"


def main() -> None:
    """Print the figures and keep them."""
    argparse.ArgumentParser(prog="python -m bench.micro.switching", description=__doc__.splitlines()[0]).parse_args()
    warnings.simplefilter("ignore")
    lines = []
    for part in (probabilities, frames, paths):
        for line in part():
            print(line, flush=True)
            lines.append(line)
    TABLE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
