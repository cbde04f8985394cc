"""Prediction against scikit-learn's, same coefficients, calls in turn; the shortest counts.

python -m bench.predict
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from bench.environment import clear_blas_overrides, machine_info

clear_blas_overrides()

import numpy as np  # noqa: E402

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


def race_many_classes() -> None:
    """One table for K classes: dense and sparse X of many rows, then single rows."""
    import scipy.sparse as sp

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
        for method in METHODS:
            calls = [lambda m=m, f=method, X=X: getattr(m, f)(X) for m in (theirs, ours)]
            report(name, f"{method}, {n_classes} classes", shortest(calls, ROUNDS), 1e3, 1)
        calls = [lambda m=theirs, X=X: top_of_all(m, X, 5), lambda m=ours, X=X: m.predict_top_k(X, 5)]
        report(name, f"five most probable of {n_classes}", shortest(calls, ROUNDS // 2), 1e3, 1)
    print()
    header("us")
    for rows in (1, 100):
        few = dense[:rows, :20].copy()
        ours, theirs = many_class_models(20, 10)
        for method in METHODS:
            calls = [lambda m=m, f=method, X=few: getattr(m, f)(X) for m in (theirs, ours)]
            report(f"{rows} row(s)", f"{method}, 10 classes", shortest(calls, ROUNDS, 200), 1e6, 0)


def top_of_all(model, X, k: int):
    """What scikit-learn's users do for the k most probable classes."""
    probability = model.predict_proba(X)
    order = np.argsort(-probability, axis=1)[:, :k]
    return model.classes_[order], np.take_along_axis(probability, order, axis=1)


def shortest(calls: list[Callable[[], object]], rounds: int, repeats: int = 1) -> list[float]:
    """Seconds per call of each, the shortest of several rounds in turn, each of so many repeats."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, record in zip(calls, times, strict=True):
            start = time.perf_counter()
            for _ in range(repeats):
                call()
            record.append((time.perf_counter() - start) / repeats)
    return [min(record) for record in times]


def report(name: str, what: str, times: list[float], unit: float, digits: int) -> None:
    """One line of the table."""
    theirs, ours = times
    print(
        f"{name:<16}{what:<36}{theirs * unit:>16.{digits}f}{ours * unit:>11.{digits}f}{theirs / ours:>8.1f}", flush=True
    )


def header(unit: str) -> None:
    """The heading of a table."""
    print(f"{'X':<16}{'call':<36}{f'scikit-learn {unit}':>16}{f'fastlr {unit}':>11}{'ratio':>8}")


def main() -> None:
    """Print the tables."""
    argparse.ArgumentParser(prog="python -m bench.predict", description=__doc__.splitlines()[0]).parse_args()
    from sklearn.metrics import log_loss

    from fastlr import special

    info = machine_info()
    print(f"{info['cpu']}, {info['cpus']} CPUs, {info['versions']}")
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((N, P))
    y = (wide[:, 0] + rng.logistic(size=N) > 0).astype(int)
    header("ms")
    for name, X in (
        ("C float64", wide),
        ("C float32", wide.astype(np.float32)),
        ("F float64", np.asfortranarray(wide)),
        ("F float32", np.asfortranarray(wide.astype(np.float32))),
    ):
        ours, theirs = models(X[:20_000], y[:20_000])
        for method in METHODS:
            calls = [lambda m=m, f=method, X=X: getattr(m, f)(X) for m in (theirs, ours)]
            report(name, method, shortest(calls, ROUNDS), 1e3, 1)
        calls = [lambda m=theirs, X=X: log_loss(y, m.predict_proba(X)), lambda m=ours, X=X: m.log_loss(X, y)]
        report(name, "log loss of the model", shortest(calls, ROUNDS // 2), 1e3, 1)
    ours, theirs = models(wide[:20_000], y[:20_000])
    eta, probability = ours.decision_function(wide), ours.predict_proba(wide)
    calls = [lambda: log_loss(y, probability), lambda: special.log_loss(y, eta)]
    report("(predictions)", "log_loss(y, proba), special.log_loss", shortest(calls, ROUNDS // 2), 1e3, 1)
    print()
    header("us")
    for rows in (1, 100):
        few = wide[:rows].copy()
        for method in METHODS:
            calls = [lambda m=m, f=method, X=few: getattr(m, f)(X) for m in (theirs, ours)]
            report(f"{rows} row(s)", method, shortest(calls, ROUNDS, 200), 1e6, 0)
    print()
    race_many_classes()


if __name__ == "__main__":
    main()
