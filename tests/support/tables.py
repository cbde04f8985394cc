"""A table, its forms in every library, and every way to hand one over."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from fastlr import LogisticRegression, fit_logistic, fit_one_vs_rest, fit_softmax
from support.problems import make_problem

N = 40
X, Y = make_problem(N, 3, density=1.0)
NAMES = ["age", "income", "dose"]
FRAME = pd.DataFrame(X, columns=NAMES)


def fitted(data):
    return LogisticRegression().fit(data, Y)


MODEL = fitted(FRAME)
WAYS = {
    "fit": lambda data: LogisticRegression().fit(data, Y),
    "multilabel": lambda data: LogisticRegression(multi_class="multilabel").fit(data, np.column_stack([Y, 1 - Y])),
    "trials": lambda data: LogisticRegression().fit(data, Y, trials=1),
    "partial_fit": lambda data: LogisticRegression().partial_fit(data, Y, classes=[0, 1]),
    "predict": MODEL.predict,
    "predict_proba": MODEL.predict_proba,
    "log_loss": lambda data: MODEL.log_loss(data, Y),
    "fit_logistic": lambda data: fit_logistic(data, Y, l2=0.1),
    "fit_softmax": lambda data: fit_softmax(data, Y, l2=0.1),
    "fit_one_vs_rest": lambda data: fit_one_vs_rest(data, Y, l2=0.1),
}
every_way = pytest.mark.parametrize("way", WAYS)


def with_entry(value, dtype=object):
    """The frame with this value in row 7 of "income"."""
    frame = FRAME.astype(dtype)
    frame.iloc[7, 1] = value
    return frame


def as_polars(frame):
    return pl.DataFrame({name: frame[name].tolist() for name in frame.columns})


def as_arrow(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


LIBRARIES = {"pandas": lambda frame: frame, "polars": as_polars, "pyarrow": as_arrow}
in_every_library = pytest.mark.parametrize("library", LIBRARIES)
