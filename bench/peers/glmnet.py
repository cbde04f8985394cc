"""R's glmnet in a helper process; matrices are handed over as raw doubles, time is taken inside R."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from bench.peers.base import ALL, Peer

LAMBDAS_PER_DECADE = 4


def path_of_lambdas(largest: float, target: float) -> np.ndarray:
    """A short path that ends at the target (glmnet is built for paths, and slower or lost without one)."""
    if target >= largest or target == 0:
        return np.array([largest, target]) if target < largest else np.array([target])
    count = 1 + max(1, int(np.ceil(LAMBDAS_PER_DECADE * np.log10(largest / target))))
    return np.geomspace(largest, target, count)


class Glmnet(Peer):
    """lambda = l1 + l2, alpha = l1_ratio, columns as they are; thresh is its tolerance.

    The helper process serves fits of two classes (family binomial) and of K (multinomial, grouped or not).
    """

    name = "glmnet"
    penalties = ALL
    softmax_penalties = ALL | {"group"}
    loosest = 1e-4
    tightest = 1e-18

    def prepare(self, X, y, objective, n_threads):
        if not shutil.which("Rscript"):
            raise ImportError("Rscript is not installed")
        self._folder = tempfile.TemporaryDirectory()
        self._objective = objective
        self._write(X, y)
        self._process = subprocess.Popen(
            ["Rscript", str(Path(__file__).with_name("glmnet.R")), self._folder.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if not self._answer().startswith("ready"):
            raise ImportError("R has no glmnet")

    def _write(self, X, y):
        """The arrays that the script reads, as raw numbers."""
        penalty, objective = self._objective.penalty, self._objective
        top = objective.lambda_max(X, y) / max(penalty.l1_ratio, 1e-3)
        target = penalty.strength
        lambdas = path_of_lambdas(min(top, 1000 * target) if penalty.kind == "l2" else top, target)
        self._points = len(lambdas)
        nnz = X.nnz if sp.issparse(X) else -1
        classes = 0 if objective.is_binary else objective.n_classes
        head = [*X.shape, nnz, penalty.l1_ratio, objective.fit_intercept, len(lambdas), classes, penalty.group]
        arrays = {"head": np.array(head, dtype=np.float64), "y": y.astype(np.float64), "lambda": lambdas}
        if sp.issparse(X):
            columns = sp.csc_matrix(X, dtype=np.float64)
            arrays |= {"x": columns.data, "i": columns.indices.astype(np.int32), "p": columns.indptr.astype(np.int32)}
        else:
            arrays["x"] = X.T.astype(np.float64)
        for name, array in arrays.items():
            np.ascontiguousarray(array).tofile(Path(self._folder.name) / f"{name}.bin")

    def _answer(self) -> str:
        return self._process.stdout.readline()

    def fit(self, tol):
        self._process.stdin.write(f"{tol!r}\n")
        self._process.stdin.flush()
        words = self._answer().split()
        if len(words) != 2:
            raise RuntimeError("the R process has ended")
        self.seconds = float(words[0])
        if int(words[1]) < self._points:
            raise RuntimeError(f"glmnet stopped at point {words[1]} of {self._points} of its path")
        values = np.fromfile(Path(self._folder.name) / "coef.bin")
        if self._objective.is_binary:
            return values[1:], float(values[0])
        K = self._objective.n_classes
        return values[K:].reshape(K, -1), values[:K]

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()
        self._folder.cleanup()


PEERS = (Glmnet,)
