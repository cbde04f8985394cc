"""What a fit of more than two classes, or of several labels, cannot use: errors that name the argument."""

import numpy as np
import pytest
import scipy.sparse as sp
from support.problems import class_problem, label_problem

from fastlr import LogisticRegression

N, P, K = 240, 5, 4
MODES = ("multinomial", "ovr")
NAMES = np.array(["d", "b", "a", "c"])
OBJECTS = NAMES.astype(object)


@pytest.fixture
def problem():
    return class_problem(N, P, K)


@pytest.fixture
def labels(problem):
    return label_problem(problem[0], 3)


@pytest.mark.parametrize(
    ("parameters", "arguments", "message"),
    [
        ({"multi_class": "auto"}, {}, "'multi_class' parameter"),
        ({"multi_class": None}, {}, "'multi_class' parameter"),
        ({"group_penalty": "yes"}, {}, "'group_penalty' parameter"),
        ({"group_penalty": True, "multi_class": "ovr"}, {}, "group_penalty=True with multi_class='ovr'"),
        ({"group_penalty": True, "multi_class": "multilabel"}, {}, "group_penalty=True with multi_class='multilabel'"),
        ({"bounds": (0, None)}, {}, "bounds: expected None with more than two classes"),
        ({"bounds": (0, None), "multi_class": "ovr"}, {}, "bounds: expected None with multi_class='ovr'"),
        ({"standardize": True}, {}, "standardize=True: the softmax fit"),
        ({}, {"offset": np.ones(N)}, "offset: expected None with more than two classes"),
        ({"multi_class": "ovr"}, {"offset": np.ones(N)}, "offset: expected None with multi_class='ovr'"),
        ({"solver": "liblinear"}, {}, "The 'liblinear' solver does not support multiclass classification"),
        ({"solver": "lbfgs", "l1_ratio": 1.0}, {}, "Solver lbfgs supports only"),
        ({"solver": "coordinate_descent"}, {}, "solver='coordinate_descent' does not fit the softmax"),
        ({"solver": "newton_cg", "l1_ratio": 0.5}, {}, "solver='newton_cg' does not fit .* penalty elasticnet"),
        ({"class_weight": {7: 1.0}}, {}, "class_weight="),
        ({"class_weight": {1: -1.0}}, {}, r"class_weight\[1\]=-1.0: expected a number >= 0"),
        ({"class_weight": dict.fromkeys(range(K), 0.0)}, {}, "class_weight=.*not zero for all classes"),
        ({"class_weight": [{0: 1.0}]}, {}, "class_weight=.*list of dicts is for multi_class='multilabel'"),
        ({"penalty_factor": np.ones(3)}, {}, "penalty_factor has shape"),
    ],
)
def test_arguments_that_more_than_two_classes_cannot_use(parameters, arguments, message, problem):
    X, y = problem
    with pytest.raises(ValueError, match=message):
        LogisticRegression(**parameters).fit(X, y, **arguments)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({0: 1.0}, "expects None, 'balanced' or a list"),
        ([{0: 1.0}], "has 1 dicts, expected one for each of 3 labels"),
        ([{2: 1.0}] * 3, "class_weight"),
        ([{0: 0.0, 1: 0.0}] * 3, "not zero for both classes"),
    ],
)
def test_class_weights_that_labels_cannot_use(class_weight, message, problem, labels):
    X, _ = problem
    with pytest.raises(ValueError, match=message):
        LogisticRegression(multi_class="multilabel", class_weight=class_weight).fit(X, labels)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda y: np.eye(K)[y], ValueError, r'one-hot or indicator .*\(240, 4\).*multi_class="multilabel".*y.argmax'),
        (lambda y: sp.csr_array(np.eye(K)[y]), ValueError, r'indicator .*multi_class="multilabel"'),
        (lambda y: np.eye(K)[y].tolist(), ValueError, r'indicator .*multi_class="multilabel"'),
        (lambda y: np.column_stack([y, y]), ValueError, r"y should be a 1d array.*an array of shape \(240, 2\)"),
        (lambda y: [list(range(k)) for k in y], ValueError, "y holds several labels a row.*MultiLabelBinarizer"),
        (lambda y: [{int(k)} for k in y], ValueError, "y holds several labels a row.*MultiLabelBinarizer"),
        (lambda y: y[:, None, None], ValueError, r"\by\b"),
        (lambda y: np.where(y == 1, np.nan, y), ValueError, "Input y contains NaN"),
        (lambda y: np.where(y == 1, np.inf, y), ValueError, "Input y contains infinity"),
        (lambda y: np.where(y == 1, None, "a"), ValueError, "y holds missing labels"),
        (lambda y: np.where(y == 1, np.nan, OBJECTS[y]), ValueError, "y holds missing labels"),
        (lambda y: [None if k == 1 else int(k) for k in y], ValueError, "y holds missing labels"),
        (lambda y: np.where(y == 1, 1, OBJECTS[y]), TypeError, "y holds labels of types int, str"),
        (lambda y: ["a", 1] * (N // 2), TypeError, "y holds both numbers and strings"),
        (lambda y: [10**30 * int(k) for k in y], ValueError, "y has dtype object and holds labels of type int"),
        (
            lambda y: np.array([bool(k) if k < 2 else int(k) for k in y], object),
            ValueError,
            "types bool, int",
        ),
        (lambda y: np.where(y == 1, np.inf, y.astype(object)), ValueError, r"\by\b"),
        (lambda y: (y + 0.5).astype(object), ValueError, r"^y holds [0-3]\.5: numbers that are labels are whole"),
        (lambda y: y + 0.5, ValueError, "Unknown label type: continuous"),
        (lambda y: 0 * y + 3, ValueError, r"y holds one class only \(.*3.*\): expected samples of two or more classes"),
        (lambda y: y[:-1], ValueError, "inconsistent numbers of samples"),
        (lambda y: None, ValueError, "y is None|y to be passed"),
        (lambda y: y * 1j, ValueError, r"\by\b.*Complex"),
        (lambda y: NAMES[y].astype(bytes), TypeError, "bytes"),
    ],
)
def test_y_that_cannot_be_used(change, error, message, mode, problem):
    X, y = problem
    with pytest.raises(error, match=message):
        LogisticRegression(multi_class=mode).fit(X, change(y))


def test_tables_with_missing_labels(problem):
    pandas = pytest.importorskip("pandas")
    X, y = problem
    for dtype in ("string", "str", object):
        names = pandas.Series(NAMES[y]).astype(dtype)
        names[3] = None
        with pytest.raises(ValueError, match=r"y holds missing labels|Input y contains NaN"):
            LogisticRegression().fit(X, names)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda Y: Y[:, 0], ValueError, r"y has shape \(240,\): multi_class='multilabel' expects an indicator"),
        (lambda Y: Y[:, :1], ValueError, "y has 1 column"),
        (lambda Y: Y[:, :, None], ValueError, "y has shape"),
        (lambda Y: 2 * Y, ValueError, "y holds 2, at row .*zeros and ones"),
        (lambda Y: 2 * Y - 1, ValueError, "y holds -1, at row 0, column 0: .*zeros and ones"),
        (lambda Y: sp.csr_array(3 * Y), ValueError, "y holds 3: .*zeros and ones"),
        (lambda Y: np.where(Y, 1.0, np.nan), ValueError, "y holds nan"),
        (lambda Y: np.where(Y, 1, None), ValueError, "y holds nan, at row .*zeros and ones"),
        (lambda Y: np.where(Y, {}, 0), TypeError, "y: .*zeros and ones"),
        (lambda Y: np.where(Y, "a", "b"), TypeError, "y has dtype"),
        (lambda Y: Y * 1j, TypeError, "y has dtype complex128"),
        (lambda Y: Y[:-1], ValueError, "y has 239 rows and X has 240"),
        (lambda Y: np.column_stack([Y, np.ones(N)]), ValueError, "y: label 3 occurs in every row"),
        (lambda Y: np.column_stack([Y, np.zeros(N)]), ValueError, "y: label 3 occurs in no row"),
        (lambda Y: [np.flatnonzero(row).tolist() for row in Y], ValueError, "MultiLabelBinarizer"),
        (lambda Y: None, ValueError, "y is None"),
    ],
)
def test_an_indicator_that_cannot_be_used(change, error, message, problem, labels):
    X, _ = problem
    with pytest.raises(error, match=message):
        LogisticRegression(multi_class="multilabel").fit(X, change(labels))


def test_weights_that_leave_too_few_classes(problem, labels):
    X, y = problem
    with pytest.raises(ValueError, match=r"y holds one class only \(2\) among the rows of positive sample_weight"):
        LogisticRegression().fit(X, y, y == 2)
    with pytest.raises(ValueError, match="sample_weight: expected at least one positive weight"):
        LogisticRegression().fit(X, y, np.zeros(N))
    with pytest.raises(ValueError, match="y: class 'b' occurs in no row of positive weight"):
        LogisticRegression(multi_class="ovr").fit(X, np.array(["a", "b", "c", "d"])[y], y != 1)
    with pytest.raises(ValueError, match="y: label 1 occurs in every row of positive weight"):
        LogisticRegression(multi_class="multilabel").fit(X, labels, labels[:, 1])


def test_trials_are_for_two_classes(problem, labels):
    X, _ = problem
    with pytest.raises(ValueError, match="trials: expected None with multi_class='multilabel'"):
        LogisticRegression(multi_class="multilabel").fit(X, labels, trials=1)
