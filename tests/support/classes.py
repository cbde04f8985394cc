"""Four classes: the size of the problem, names of every type, weights, and the estimator of scikit-learn."""

import numpy as np
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression

N, P, K = 240, 5, 4
MODES = ("multinomial", "ovr")
EXACT = {"tol": 1e-14}


def weights():
    return np.random.default_rng(2).uniform(0.2, 3.0, N)


def peer(**arguments):
    return SklearnLogisticRegression(solver="newton-cholesky", tol=1e-10, max_iter=1000, **arguments)


NAMES = {
    "str": np.array(["d", "b", "a", "c"]),
    "object": np.array(["no", "yes", "perhaps", ""], dtype=object),
    "int": np.array([30, -7, 0, 12]),
    "uint8": np.array([255, 0, 7, 1], dtype=np.uint8),
    "float": np.array([1.0, 2.0, -3.0, 0.0]),
    "big int": np.array([2**62, 2**62 + 1, 0, -(2**62)]),
    "dates": np.array(["2021-03-01", "2020-01-01", "2022-05-05", "1999-12-31"], dtype="datetime64[D]"),
}
