"""Names of labels, where the indicator of multi_class="multilabel" is a data frame."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from support.problems import label_problem, make_problem

from fastlr import LogisticRegression
from fastlr.linear_model import SeparationWarning

X, _ = make_problem(200, 4, density=1.0)
INDICATOR = label_problem(X, 3)
NAMES = ["sport", "politics", "weather"]
FRAMES = {
    "pandas": pd.DataFrame(INDICATOR, columns=NAMES),
    "polars": pl.DataFrame(INDICATOR, schema=NAMES),
    "booleans": pd.DataFrame(INDICATOR > 0, columns=NAMES),
    "sparse columns": pd.DataFrame.sparse.from_spmatrix(sp.csr_matrix(INDICATOR), columns=NAMES),
}


def labelled(**arguments):
    return LogisticRegression(multi_class="multilabel", **arguments)


@pytest.mark.parametrize("library", FRAMES)
def test_column_names_are_kept_and_answers_are_those_of_an_array(library):
    Y = FRAMES[library]
    model, plain = labelled().fit(X, Y), labelled().fit(X, INDICATOR)
    assert model.label_names_.tolist() == NAMES
    assert model.classes_.tolist() == [0, 1, 2]
    assert np.array_equal(model.coef_, plain.coef_)
    assert np.array_equal(model.predict(X), plain.predict(X))
    assert model.log_loss(X, Y) == plain.log_loss(X, INDICATOR)
    assert model.score(X, Y) == plain.score(X, INDICATOR)
    assert pickle.loads(pickle.dumps(model)).label_names_.tolist() == NAMES
    assert not hasattr(clone(model), "label_names_")


@pytest.mark.parametrize(
    "Y",
    [INDICATOR, sp.csr_array(INDICATOR), INDICATOR.tolist(), pd.DataFrame(INDICATOR)],
    ids=["array", "sparse", "lists", "numbered columns"],
)
def test_without_names_there_are_none(Y):
    model = labelled().fit(X, FRAMES["pandas"]).fit(X, Y)
    assert not hasattr(model, "label_names_")
    with pytest.raises(AttributeError, match="y of the fit had no names of columns"):
        _ = model.label_names_


def test_a_fit_of_classes_forgets_the_names_of_labels():
    model = labelled().fit(X, FRAMES["pandas"]).set_params(multi_class="ovr").fit(X, np.arange(200) % 3)
    assert not hasattr(model, "label_names_")


def test_warnings_and_errors_name_the_label():
    Y = FRAMES["pandas"].assign(politics=(X[:, 0] > 0).astype(int))
    with pytest.warns(SeparationWarning, match=r"for label 'politics'"):
        labelled(C=np.inf).fit(X, Y)
    with pytest.warns(ConvergenceWarning, match=r"for label 'sport', label 'politics', label 'weather'"):
        labelled(max_iter=0).fit(X, FRAMES["pandas"])
    with pytest.raises(ValueError, match="label 'weather' occurs in no row"):
        labelled().fit(X, Y.assign(weather=0))
    with pytest.raises(ValueError, match=r"y holds 2, at row 3, column 1 \('politics'\): .*expects zeros and ones"):
        labelled().fit(X, Y.assign(politics=np.where(np.arange(200) == 3, 2, Y.politics)))


@pytest.mark.parametrize("call", ["log_loss", "partial_fit"])
@pytest.mark.parametrize("columns", [["politics", "sport", "weather"], ["sport", "politics", "snow"]])
def test_other_labels_than_those_of_the_fit_are_refused(call, columns):
    model = labelled().fit(X, FRAMES["pandas"])
    before = pickle.dumps(model)
    for library in (lambda frame: frame, pl.from_pandas):
        Y = library(pd.DataFrame(INDICATOR, columns=columns))
        with pytest.raises(
            ValueError, match=r"y has columns \[.*: expected the labels of the fit in their order, \['sp"
        ):
            getattr(model, call)(X, Y)
    assert pickle.dumps(model) == before


def test_partial_fit_keeps_the_names_it_has_met():
    model = labelled().partial_fit(X, FRAMES["pandas"])
    assert model.label_names_.tolist() == NAMES
    model.partial_fit(X, INDICATOR)
    assert model.label_names_.tolist() == NAMES
    assert labelled().partial_fit(X, INDICATOR).partial_fit(X, FRAMES["polars"]).label_names_.tolist() == NAMES


def test_names_that_are_not_all_strings_are_left_alone():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = labelled().fit(X, pd.DataFrame(INDICATOR, columns=["sport", 1, ("a", "b")]))
    assert not hasattr(model, "label_names_")
