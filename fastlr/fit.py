"""The functional entry: arrays in, LogisticResult out.  Does not import scikit-learn."""

import math
import numbers
from functools import partial

import numpy as np

from fastlr._environment import resolve_threads
from fastlr.design import as_design
from fastlr.loss import WEIGHT_BLOCK
from fastlr.objective import LogisticObjective
from fastlr.penalty import ElasticNet
from fastlr.screening import screen
from fastlr.solvers import Controls, FitInterrupted, Monitor, Status, choose_solver
from fastlr.standardization import standardized_strengths


def fit_logistic(
    X,
    y,
    *,
    l2=0.0,
    l1=0.0,
    sample_weight=None,
    offset=None,
    fit_intercept=True,
    standardize=False,
    solver="auto",
    tol=1e-6,
    max_iter=1000,
    n_threads=None,
    start=None,
    time_limit=None,
    callback=None,
):
    """Fit a two-class logistic regression.

    Minimises  sum_i s_i loss(x_i . coef + intercept, y_i) / sum_i s_i + l2/2 ||coef||^2 + l1 ||coef||_1  with
    loss(eta, y) = log(1 + exp(eta)) - y eta.  The intercept is not penalised.

    Parameters
    ----------
    X : array-like or scipy.sparse matrix or array, shape (n, p)
        float32 or float64, C or F order, CSR or CSC: used without a copy.  Anything else is converted.
    y : array-like of shape (n,)
        {0, 1}, {-1, +1}, booleans, or probabilities in [0, 1].
    l2, l1 : float or array-like of shape (p,), non-negative
        Penalty strengths on the scale of the weighted mean loss; arrays give each coefficient its own.  From
        scikit-learn's C: l2 = (1 - l1_ratio) / (C S), l1 = l1_ratio / (C S) with S = sum of weights.
    sample_weight : array-like of shape (n,), optional
        Non-negative, not all zero; a weight of k is the same as k copies of the row.
    fit_intercept : bool
    standardize : bool
        Let the penalty act on columns divided by their weighted standard deviations, as glmnet does; coefficients come
        back on the scale of X, and constant columns get zero.  The objective reported has strengths l1 sd_j and
        l2 sd_j^2.  X is not copied.
    offset : array-like of shape (n,), optional
        Added to the linear predictor of each row, with a coefficient of one.  The null model that `tol` refers to keeps
        it.
    solver : {"auto", "newton_small", "newton_cholesky", "newton_cg", "dual_coordinate_descent", "prox_newton", \
            "coordinate_descent", "lbfgs", "gradient_descent", "accelerated_gradient"}
        "auto" takes the one that is fastest for the shape of X and the penalty; the result's message says why.
        dual_coordinate_descent needs X C-ordered or CSR, no l1, and l2 on each coefficient.  The last three, which
        "auto" never takes, are there for comparison; "lbfgs" cannot fit l1.
    tol : float
        Stop when the certified suboptimality is at most tol times the objective of the null model (coef = 0, best
        intercept).  Without a penalty, half the squared Newton decrement stands in for the bound.
    max_iter : int
        Outer iterations.
    n_threads : int, optional
        None: all CPUs this process may use, one outside the main thread; -1: all.  Small problems use fewer.
    start : LogisticResult or (coef, intercept), optional
        Where to start.
    time_limit : float, optional
        Seconds, looked at between iterations.
    callback : callable, optional
        Called with a Progress after each iteration; a true return value ends the fit (status STOPPED).

    Returns
    -------
    LogisticResult

    Raises
    ------
    TypeError, ValueError
        For input that cannot be used; the message names the argument, what was found and what was expected.
    FitInterrupted
        On Ctrl-C; its `result` is the last point reached.  (Before the first point is known: KeyboardInterrupt.)
    """
    controls = _controls(tol, max_iter, time_limit, callback)
    for name, switch in (("fit_intercept", fit_intercept), ("standardize", standardize)):
        if not isinstance(switch, (bool, np.bool_)):
            raise TypeError(f"{name}={switch!r}: expected True or False")
    design = as_design(X, resolve_threads(_check_threads(n_threads)))
    n, p = design.shape
    weight = _normalised_weights(sample_weight, n)
    y = _targets(y, n, None if sample_weight is None else weight)
    l1, l2 = _strength("l1", l1, p), _strength("l2", l2, p)
    offset = None if offset is None else _vector("offset", offset, n)
    rows, held = design.bind(y, weight, offset), None
    coef, intercept = _start(start, p)
    if standardize:
        l1, l2, held = standardized_strengths(l1, l2, *rows.column_moments())
        coef[held] = 0.0
    rows, penalty, kept = screen(rows, ElasticNet(l1, l2, (p, 1), design.n_threads))
    coef = coef if kept is None else coef[kept]
    name, spec, reason = choose_solver(solver, rows.design, penalty)
    if kept is not None:
        reason = f"{reason or 'as asked'}; l1 holds all but {len(kept)} of {p} columns at zero"
    objective = LogisticObjective(rows, penalty, bool(fit_intercept))
    monitor = Monitor(controls, objective, name, reason, partial(_all_coefficients, p, kept, held))
    try:
        return spec.run(objective, coef, intercept, monitor)
    except KeyboardInterrupt:
        if not monitor.reached_a_point:
            raise
        monitor.fail(Status.INTERRUPTED, "interrupted from the keyboard")
        raise FitInterrupted(monitor.result()) from None


def _all_coefficients(p, kept, held, coef):
    """(p,) coefficients from those of the columns that were kept; those that are held at zero exactly there."""
    out = np.zeros(p)
    out[slice(None) if kept is None else kept] = coef[:, 0]
    if held is not None:
        out[held] = 0.0
    return out


def _number(name, value, kind, low, *, none=False):
    """Check a scalar argument: its type, and that it is at least `low`."""
    if type(value) is (int if kind is numbers.Integral else float) and value >= low:
        return value
    expected = f"{'an integer' if kind is numbers.Integral else 'a number'} >= {low}" + (" or None" if none else "")
    if value is None and none:
        return None
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, kind):
        raise TypeError(f"{name}={value!r}: expected {expected}")
    if math.isnan(value) or value < low:
        raise ValueError(f"{name}={value!r}: expected {expected}")
    return value


def _controls(tol, max_iter, time_limit, callback):
    if callback is not None and not callable(callback):
        raise TypeError(f"callback={callback!r}: expected a callable or None")
    return Controls(
        tol=float(_number("tol", tol, numbers.Real, 0)),
        max_iter=int(_number("max_iter", max_iter, numbers.Integral, 0)),
        time_limit=_number("time_limit", time_limit, numbers.Real, 0, none=True),
        callback=callback,
    )


def _check_threads(n_threads):
    if n_threads is None:
        return None
    if isinstance(n_threads, bool) or not isinstance(n_threads, numbers.Integral):
        raise TypeError(f"n_threads={n_threads!r}: expected an integer or None")
    if n_threads == 0:
        raise ValueError("n_threads=0: expected a positive integer, -1 for all CPUs, or None")
    return int(n_threads)


def _vector(name, values, n, of="the rows of X"):
    """values as (n,) float64, finite."""
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} holds something else than real numbers: {error}") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} has dtype {array.dtype}, expected real numbers")
    if array.shape != (n,):
        raise ValueError(f"{name} has shape {array.shape}, expected ({n},): one for each of {of}")
    array = np.ascontiguousarray(array, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} contains NaN or infinity")
    return array


def _targets(y, n, weight):
    """y as (n,) float64 in [0, 1], of two classes among the rows that count; -1 and +1 are read as 0 and 1."""
    if weight is None and _is_binary(y, n):
        return y
    y = _vector("y", y, n)
    low, high = y.min(), y.max()
    if low < 0.0 and np.isin(y, (-1.0, 1.0)).all():
        y = np.maximum(y, 0.0)
    elif low < 0.0 or high > 1.0:
        raise ValueError(f"y holds values from {low} to {high}: expected {{0, 1}}, {{-1, +1}} or values in [0, 1]")
    counts = y if weight is None or weight.all() else y[weight > 0.0]
    low, high = counts.min(), counts.max()
    if low == high and low in (0.0, 1.0):
        rows = "" if len(counts) == n else " among the rows of positive sample_weight"
        raise ValueError(f"y holds one class only ({low:g}){rows}: expected two classes")
    return y


def _is_binary(y, n):
    """Whether y is, as it stands, a vector of n zeros and ones with both among them."""
    if type(y) is not np.ndarray or y.dtype != np.float64 or y.shape != (n,) or not y.flags.c_contiguous:
        return False
    ones = np.count_nonzero(y == 1.0)
    return 0 < ones < n and ones == np.count_nonzero(y)


def _normalised_weights(sample_weight, n):
    """Weights with sum one; equal weights as the short block that LogisticLoss takes for them."""
    if sample_weight is None:
        return np.full(min(n, WEIGHT_BLOCK), 1.0 / n)
    weight = _vector("sample_weight", sample_weight, n)
    if weight.min() < 0.0:
        raise ValueError(f"sample_weight holds {weight.min()}: expected non-negative numbers")
    largest = weight.max()
    if largest == 0.0:
        raise ValueError("sample_weight is zero in every row: expected a positive sum")
    weight = weight / largest  # the sum of very large weights would not be finite
    return weight / weight.sum()


def _strength(name, value, p):
    """A penalty strength: a non-negative float, or (p, 1) of them."""
    if isinstance(value, float) and 0.0 <= value < math.inf:
        return float(value)
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name}={value!r}: expected a non-negative number or {p} of them")
    if array.shape not in ((), (p,)):
        raise ValueError(f"{name} has shape {array.shape}, expected a number or shape ({p},)")
    if not (np.isfinite(array).all() and (array >= 0).all()):
        raise ValueError(f"{name}={value!r}: expected finite non-negative numbers")
    return float(array) if array.shape == () else np.ascontiguousarray(array, dtype=np.float64)[:, None]


def _start(start, p):
    """(coef of shape (p, 1), intercept) to start from."""
    if start is None:
        return np.zeros((p, 1)), 0.0
    if not hasattr(start, "coef"):
        if not isinstance(start, (tuple, list)) or len(start) != 2:
            raise TypeError(f"start={start!r}: expected a LogisticResult, (coef, intercept) or None")
        coef, intercept = start
    else:
        coef, intercept = start.coef, start.intercept
    intercept = np.asarray(intercept)
    if intercept.shape not in ((), (1,)):
        raise ValueError(f"start has an intercept of shape {intercept.shape}, expected a number")
    coef = _vector("start", coef, p, "the columns of X")
    return coef[:, None].copy(), float(_vector("start", intercept.reshape(1), 1)[0])
