"""Who fits more than two classes: each takes a case and a tolerance and gives seconds, coef (K, p), intercept (K,).

A case has X, y (class numbers), K, l1, l2 on the scale of the mean loss, fit_intercept and mode ("multinomial" or
"ovr").  Conversions are made in the constructor and not timed.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import scipy.sparse as sp


class Fastlr:
    """Ours, through the functional entries."""

    name = "fastlr"

    def __init__(self, case):
        self.case = case

    def fit(self, tol):
        from fastlr import fit_one_vs_rest, fit_softmax

        case = self.case
        arguments = {"l1": case.l1, "l2": case.l2, "fit_intercept": case.fit_intercept, "tol": tol}
        start = time.perf_counter()
        if case.mode == "ovr":
            results = fit_one_vs_rest(case.X, case.y, case.K, **arguments)
            seconds = time.perf_counter() - start
            return seconds, np.array([r.coef for r in results]), np.array([r.intercept for r in results])
        result = fit_softmax(case.X, case.y, case.K, group_penalty=case.group, **arguments)
        return time.perf_counter() - start, result.coef, result.intercept


class Sklearn:
    """One solver of scikit-learn's LogisticRegression; one against the rest by OneVsRestClassifier."""

    solver: str

    def __init__(self, case):
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier

        self.case = case
        strength = case.l1 or case.l2
        model = LogisticRegression(
            C=1.0 / (strength * case.X.shape[0]) if strength else np.inf,
            l1_ratio=1.0 if case.l1 else 0.0,
            fit_intercept=case.fit_intercept,
            solver=self.solver,
            max_iter=100_000,
        )
        self.model = model if case.mode == "multinomial" else OneVsRestClassifier(model)

    def fit(self, tol):
        key = "tol" if self.case.mode == "multinomial" else "estimator__tol"
        self.model.set_params(**{key: tol})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            start = time.perf_counter()
            self.model.fit(self.case.X, self.case.y)
            seconds = time.perf_counter() - start
        if self.case.mode == "multinomial":
            return seconds, self.model.coef_, self.model.intercept_ + np.zeros(self.case.K)
        coef = np.vstack([each.coef_ for each in self.model.estimators_])
        return seconds, coef, np.hstack([each.intercept_ + np.zeros(1) for each in self.model.estimators_])


class Liblinear:
    """LIBLINEAR's own one against the rest, with its regularised intercept where there is one."""

    options: str

    def __init__(self, case):
        from liblinear import liblinearutil

        self.case = case
        self._train = liblinearutil.train
        self._problem = liblinearutil.problem(case.y.astype(float), sp.csr_matrix(case.X))

    def fit(self, tol):
        case = self.case
        C = 1.0 / (case.l2 * case.X.shape[0])
        bias = "-B 1 -R" if case.fit_intercept else ""
        start = time.perf_counter()
        model = self._train(self._problem, f"{self.options} {bias} -c {C!r} -e {tol!r} -q")
        seconds = time.perf_counter() - start
        order = np.argsort(model.get_labels())
        p = case.X.shape[1]
        width = p + (1 if case.fit_intercept else 0)
        w = np.ctypeslib.as_array(model.w, shape=(width * case.K,)).reshape(width, case.K).T[order]
        return seconds, w[:, :p].copy(), w[:, p].copy() if case.fit_intercept else np.zeros(case.K)


class Glmnet:
    """R's glmnet, a short path that ends at the strength asked for; time is taken inside R."""

    name = "glmnet"

    def __init__(self, case):
        from bench.peers.glmnet import path_of_lambdas

        if not shutil.which("Rscript"):
            raise ImportError("Rscript is not installed")
        self.case = case
        self._folder = tempfile.TemporaryDirectory()
        columns = sp.csc_matrix(case.X)
        lambdas = path_of_lambdas(case.largest_l1(), case.l1)
        head = np.array([*case.X.shape, columns.nnz, case.fit_intercept, len(lambdas), case.group], dtype=np.float64)
        arrays = {"head": head, "y": case.y.astype(float), "lambda": lambdas, "x": columns.data.astype(float)}
        arrays |= {"i": columns.indices.astype(np.int32), "p": columns.indptr.astype(np.int32)}
        for name, array in arrays.items():
            array.tofile(Path(self._folder.name) / f"{name}.bin")
        script = Path(__file__).with_name("glmnet_classes.R")
        self._process = subprocess.Popen(
            ["Rscript", str(script), self._folder.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if not self._process.stdout.readline().startswith("ready"):
            raise ImportError("R has no glmnet")

    def fit(self, tol):
        self._process.stdin.write(f"{tol!r}\n")
        self._process.stdin.flush()
        seconds = float(self._process.stdout.readline().split()[0])
        values = np.fromfile(Path(self._folder.name) / "coef.bin")
        K = self.case.K
        return seconds, values[K:].reshape(K, -1), values[:K]


def _sklearn(solver):
    name = f"sklearn-{solver}"
    return type(name, (Sklearn,), {"name": name, "solver": solver})


def _liblinear(options):
    name = "liblinear" + options.replace(" ", "")
    return type(name, (Liblinear,), {"name": name, "options": options})


#: Coefficients of all classes up to which a Hessian of them all is worth a try.
FEW_COEFFICIENTS = 1000
#: mode, penalty -> the peers that take part; newton-cholesky where coefficients are few.
PEERS = {
    ("multinomial", "l2"): (_sklearn("lbfgs"), _sklearn("newton-cg"), _sklearn("newton-cholesky")),
    ("multinomial", "l1"): (_sklearn("saga"), Glmnet),
    ("ovr", "l2"): (_liblinear("-s 0"), _liblinear("-s 7"), _sklearn("lbfgs"), _sklearn("newton-cg")),
}
