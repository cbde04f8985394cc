"""Prediction against scikit-learn's, same coefficients, calls in turn; the shortest counts.

python -m bench.micro.predict
"""

from __future__ import annotations

import argparse
from functools import partial

from bench.harness.environment import clear_blas_overrides, machine_info

clear_blas_overrides()

import numpy as np  # noqa: E402
import scipy.sparse as sp  # noqa: E402

from bench.harness.timing import shortest_of_rounds  # noqa: E402

N, P = 1_000_000, 20
METHODS = ("decision_function", "predict_proba", "predict_log_proba", "predict")
ROUNDS = 15


def models(X, y):
    """(ours, scikit-learn's), with the same coefficients."""
    from sklearn.linear_model import LogisticRegression as Reference

    from fastlr import LogisticRegression

    ours, theirs = LogisticRegression().fit(X, y), Reference().fit(X, y)
    theirs.coef_, theirs.intercept_ = ours.coef_, ours.intercept_
    return ours, theirs


def many_class_models(p: int, n_classes: int):
    """(ours, scikit-learn's) without a fit, with the same coefficients."""
    from sklearn.linear_model import LogisticRegression as Reference

    from fastlr import LogisticRegression

    rng = np.random.default_rng(n_classes)
    coef, intercept = rng.standard_normal((n_classes, p)) / np.sqrt(p), rng.standard_normal(n_classes)
    pair = LogisticRegression(), Reference()
    for model in pair:
        model.coef_, model.intercept_ = coef, intercept
        model.classes_, model.n_features_in_ = np.arange(n_classes), p
    return pair


def top_of_all(model, X, k: int):
    """The k most probable classes and their probabilities, as a user of scikit-learn gets them."""
    probability = model.predict_proba(X)
    order = np.argsort(-probability, axis=1)[:, :k]
    return model.classes_[order], np.take_along_axis(probability, order, axis=1)


def report(name: str, what: str, times: list[float], unit: float, digits: int) -> None:
    """One line of the table."""
    theirs, ours = times
    print(
        f"{name:<16}{what:<36}{theirs * unit:>16.{digits}f}{ours * unit:>11.{digits}f}{theirs / ours:>8.1f}", flush=True
    )


def header(unit: str) -> None:
    """The heading of a table."""
    print(f"{'X':<16}{'call':<36}{f'scikit-learn {unit}':>16}{f'fastlr {unit}':>11}{'ratio':>8}")


def compare(name: str, pair, X, suffix: str = "") -> None:
    """The lines of one layout: milliseconds of every prediction of X by (ours, scikit-learn's)."""
    ours, theirs = pair
    for method in METHODS:
        calls = [partial(getattr(model, method), X) for model in (theirs, ours)]
        report(name, method + suffix, shortest_of_rounds(calls, ROUNDS), 1e3, 1)


def compare_few_rows(pair, X, suffix: str = "") -> None:
    """Microseconds of every prediction of 1 and of 100 rows."""
    ours, theirs = pair
    for rows in (1, 100):
        few = X[:rows].copy()
        for method in METHODS:
            calls = [partial(getattr(model, method), few) for model in (theirs, ours)]
            report(f"{rows} row(s)", method + suffix, shortest_of_rounds(calls, ROUNDS, 200), 1e6, 0)


def compare_many_classes() -> None:
    """Tables for K classes: dense and sparse X of many rows, then single rows."""
    rng = np.random.default_rng(1)
    dense = rng.standard_normal((60_000, 300))
    sparse = sp.random_array((11_000, 100_000), density=1e-3, format="csr", rng=rng)
    header("ms")
    for name, X, n_classes in (
        ("C float64", dense, 10),
        ("C float32", dense.astype(np.float32), 10),
        ("F float64", np.asfortranarray(dense), 10),
        ("CSR", sparse, 20),
        ("CSC", sparse.tocsc(), 20),
    ):
        ours, theirs = many_class_models(X.shape[1], n_classes)
        compare(name, (ours, theirs), X, f", {n_classes} classes")
        calls = [partial(top_of_all, theirs, X, 5), partial(ours.predict_top_k, X, 5)]
        report(name, f"five most probable of {n_classes}", shortest_of_rounds(calls, ROUNDS // 2), 1e3, 1)
    print()
    header("us")
    compare_few_rows(many_class_models(20, 10), dense[:, :20], ", 10 classes")


def compare_two_classes() -> None:
    """Tables for two classes: dense X of many rows, log-loss of predictions, then single rows."""
    from sklearn.metrics import log_loss

    from fastlr import special

    rng = np.random.default_rng(0)
    X = rng.standard_normal((N, P))
    y = (X[:, 0] + rng.logistic(size=N) > 0).astype(int)
    header("ms")
    for name, layout in (
        ("C float64", X),
        ("C float32", X.astype(np.float32)),
        ("F float64", np.asfortranarray(X)),
        ("F float32", np.asfortranarray(X.astype(np.float32))),
    ):
        ours, theirs = models(layout[:20_000], y[:20_000])
        compare(name, (ours, theirs), layout)
        calls = [lambda m=theirs, X=layout: log_loss(y, m.predict_proba(X)), partial(ours.log_loss, layout, y)]
        report(name, "log loss of the model", shortest_of_rounds(calls, ROUNDS // 2), 1e3, 1)
    ours, theirs = models(X[:20_000], y[:20_000])
    calls = [partial(log_loss, y, ours.predict_proba(X)), partial(special.log_loss, y, ours.decision_function(X))]
    report("(predictions)", "log_loss(y, proba), special.log_loss", shortest_of_rounds(calls, ROUNDS // 2), 1e3, 1)
    print()
    header("us")
    compare_few_rows((ours, theirs), X)


def main() -> None:
    """Print the tables."""
    argparse.ArgumentParser(prog="python -m bench.micro.predict", description=__doc__.splitlines()[0]).parse_args()
    info = machine_info()
    print(f"{info['cpu']}, {info['cpus']} CPUs, {info['versions']}")
    compare_two_classes()
    print()
    compare_many_classes()


if __name__ == "__main__":
    main()
