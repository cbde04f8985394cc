"""Race fits of more than two classes: seconds until the objective is within 1e-6 of the least known, by the harness.

Run `python -m bench.classes mnist --C 1` (see --help).  Each contender is run at tolerances that fall by decades until
it is there; the run that gets there is repeated.  "Relative" is relative to the objective with all coefficients zero.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

from bench.environment import available_cpus, clear_blas_overrides

clear_blas_overrides()

import numpy as np  # noqa: E402
import scipy.sparse as sp  # noqa: E402

from bench.class_peers import FEW_COEFFICIENTS, PEERS, Fastlr  # noqa: E402
from bench.class_sets import CLASS_SETS  # noqa: E402
from bench.problems import cache_folder  # noqa: E402

TARGET = 1e-6
RESULTS = Path(__file__).with_name("results") / "classes"


@dataclass
class Case:
    """One problem with one penalty; strengths on the scale of the mean loss."""

    X: object
    y: np.ndarray
    mode: str
    fit_intercept: bool
    l2: float = 0.0
    l1: float = 0.0
    group: bool = False

    @property
    def K(self):
        return int(self.y.max()) + 1

    def largest_l1(self):
        """The least l1 at which all coefficients are zero."""
        share = np.bincount(self.y) / len(self.y) if self.fit_intercept else np.full(self.K, 1.0 / self.K)
        gradient = (self.X.T @ (share - np.eye(self.K)[self.y])) / len(self.y)
        return float(np.linalg.norm(gradient, axis=1).max() if self.group else np.abs(gradient).max())

    def objective(self, coef, intercept):
        """In float64, whatever the contender computed in."""
        coef = np.asarray(coef, dtype=np.float64)
        eta = self.X @ coef.T + intercept
        eta = np.asarray(eta, dtype=np.float64)
        rows = np.arange(len(self.y))
        if self.mode == "ovr":
            loss = np.logaddexp(0.0, eta).sum() - eta[rows, self.y].sum()
        else:
            top = eta.max(axis=1)
            loss = np.sum(top + np.log(np.exp(eta - top[:, None]).sum(axis=1)) - eta[rows, self.y])
        absolute = np.linalg.norm(coef, axis=0).sum() if self.group else np.abs(coef).sum()
        return loss / len(self.y) + 0.5 * self.l2 * np.sum(coef * coef) + self.l1 * absolute


def load(name):
    """X and class numbers, from the cache once they have been made."""
    folder = cache_folder() / f"classes-{name}"
    if not folder.exists():
        X, y = CLASS_SETS[name]()
        folder.mkdir(parents=True)
        np.save(folder / "y.npy", y)
        if sp.issparse(X):
            sp.save_npz(folder / "X.npz", X, compressed=False)
        else:
            np.save(folder / "X.npy", X)
    y = np.load(folder / "y.npy")
    return (sp.load_npz(folder / "X.npz") if (folder / "X.npz").exists() else np.load(folder / "X.npy")), y


def race(case, contenders, limit, repeats):
    """{name: {"seconds", "tol", "excess"}}; seconds None where the target was not reached within the limit."""
    least, null = np.inf, case.objective(np.zeros((case.K, case.X.shape[1])), np.zeros(case.K))
    _, *tight = Fastlr(case).fit(1e-9)
    least = case.objective(*tight)
    found = {}
    for contender in contenders:
        fit = contender(case).fit
        seconds, tol, excess = None, 1.0, np.inf
        while excess > TARGET and tol > 1e-17:
            tol *= 0.1
            seconds, *model = fit(tol)
            excess = (case.objective(*model) - least) / null
            print(f"  {contender.name:20s} tol {tol:.0e}: {seconds:8.2f} s, excess {excess:.1e}", flush=True)
            if seconds > limit:
                break
        if excess <= TARGET:
            more = repeats - 1 if seconds < limit / 4 else 0
            seconds = float(np.median([seconds, *(fit(tol)[0] for _ in range(more))]))
        found[contender.name] = {"seconds": seconds, "tol": tol, "excess": excess, "reached": bool(excess <= TARGET)}
    return found


def main():
    parser = argparse.ArgumentParser(
        prog="python -m bench.classes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("problem", choices=[*CLASS_SETS])
    parser.add_argument("--mode", choices=["multinomial", "ovr"], default="multinomial")
    parser.add_argument("--C", type=float, default=1.0, help="L2 strength as in scikit-learn")
    parser.add_argument("--l1", type=float, help="L1 instead, at the largest useful strength divided by this")
    parser.add_argument("--group", action="store_true", help="L1 on the norm of a column's coefficients")
    parser.add_argument("--intercept", action="store_true")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds after which a contender is given up")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    case = Case(*load(options.problem), options.mode, options.intercept, group=options.group)
    if options.l1:
        case.l1 = case.largest_l1() / options.l1
    else:
        case.l2 = 1.0 / (options.C * len(case.y))
    kind = "l1" if options.l1 else "l2"
    label = f"{options.problem}-{options.mode}-" + (f"l1-{options.l1:g}" if options.l1 else f"C-{options.C:g}")
    label += ("-group" if options.group else "") + ("-intercept" if options.intercept else "")
    print(label)
    few = case.X.shape[1] * case.K <= FEW_COEFFICIENTS
    peers = [peer for peer in PEERS[options.mode, kind] if few or peer.name != "sklearn-newton-cholesky"]
    peers = [peer for peer in peers if not options.group or peer.name == "glmnet"]
    found = race(case, [Fastlr, *peers], options.limit, options.repeats)
    ours = found["fastlr"]["seconds"]
    for name, entry in found.items():
        entry["ratio"] = entry["seconds"] / ours
        print(f"{name:20s} {entry['seconds']:8.3f} s  {entry['ratio']:6.2f}{'' if entry['reached'] else '  not there'}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    record = {"case": label, "shape": list(case.X.shape), "K": case.K, "cpus": available_cpus(), "found": found}
    (RESULTS / f"{label}.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
