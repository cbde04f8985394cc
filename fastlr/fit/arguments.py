"""The arguments of fit_logistic: checks that name the argument, what was found and what was expected; conversions."""

import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastlr._progress_bar import progress_bar
from fastlr.losses.logistic import WEIGHT_BLOCK
from fastlr.solvers import Controls
from fastlr.validation.containers import refuse
from fastlr.validation.numbers import amounts, from_objects, integer, number, plain
from fastlr.validation.sample_weights import positive_weights, sample_weights, with_sum_one

#: Class numbers are below.
LARGEST_CLASS = 2**31
#: What y may hold, in words.
_TWO_CLASSES = "{0, 1}, {-1, +1} or values in [0, 1]"
_CLASS_NUMBERS = "class numbers 0, 1, ..., K - 1"
_LABELS = "; fastlr.LogisticRegression takes labels of any kind"


@dataclass(frozen=True, slots=True)
class Checked:
    """An argument of a functional entry that its caller has checked and converted, so that it is looked at once.

    Attributes
    ----------
    value :
        Of sample_weight: (n,) float64, finite, not negative, not all zero.  Of y: shares (n,) float64 in [0, 1] of two
        classes for fit_logistic, `ClassNumbers` of which none is out of range for fit_softmax; of Y: a `Labels` of
        which each is 0 and 1 among the rows of positive weight.
    """

    value: Any


def controls(tol, max_iter, time_limit, callback):
    """When a fit ends, as Controls: numbers that are not negative, and a callable or None."""
    if callback is not None and not callable(callback):
        raise TypeError(f"callback={callback!r}: expected a callable or None")
    refuse_maker(callback)
    return Controls(
        tol=number("tol", tol),
        max_iter=integer("max_iter", max_iter, 0),
        time_limit=number("time_limit", time_limit, none=True),
        callback=callback,
    )


def refuse_maker(callback):
    """Raise TypeError for `progress_bar` in place of the callback that it returns."""
    if callback is progress_bar:
        raise TypeError("callback=fastlr.progress_bar: expected the callback it returns, fastlr.progress_bar()")


def vector(name, values, n, of="the rows of X", expected="real numbers"):
    """values as (n,) float64, finite; `of` and `expected` are for messages."""
    refuse(name, values)
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O":
            array = from_objects(array)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise TypeError(f"{name} holds something else than numbers ({error}): expected {expected}") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} has dtype {array.dtype}, expected {expected}")
    if array.shape != (n,):
        raise ValueError(f"{name} has shape {array.shape}, expected ({n},): one for each of {of}")
    array = np.ascontiguousarray(array, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} contains NaN or infinity")
    return array


def targets(y, n, weight):
    """y as (n,) float64 in [0, 1], of two classes among the rows that count; -1 and +1 are read as 0 and 1."""
    if weight is None and (type(y) is Checked or _is_binary(y, n)):
        return y.value if type(y) is Checked else y
    y = y.value if type(y) is Checked else _shares_of_second(y, n)
    counts = y if weight is None or weight.all() else y[weight > 0.0]
    low, high = counts.min(), counts.max()
    if low == high and low in (0.0, 1.0):
        rows = "" if len(counts) == n else " among the rows of positive sample_weight"
        raise ValueError(f"y holds one class only ({low:g}){rows}: expected two classes")
    return y


def _shares_of_second(y, n):
    """y as (n,) float64 in [0, 1]; -1 and +1 are read as 0 and 1."""
    y = vector("y", y, n, expected=f"{_TWO_CLASSES}{_LABELS}")
    low, high = y.min(), y.max()
    if low < 0.0 and np.isin(y, (-1.0, 1.0)).all():
        return np.maximum(y, 0.0)
    if low < 0.0 or high > 1.0:
        raise ValueError(f"y holds values from {low} to {high}: expected {_TWO_CLASSES}{_LABELS}")
    return y


def class_numbers(y, n, n_classes):
    """(class numbers as (n,) int64, number of classes)."""
    if type(y) is Checked:
        return y.value.numbers_of_rows, y.value.n_labels
    given = vector("y", y, n, expected=f"{_CLASS_NUMBERS}{_LABELS}")
    wrong = given[(given != np.floor(given)) | (given < 0.0)]
    if len(wrong):
        raise ValueError(f"y holds {wrong[0]}: expected {_CLASS_NUMBERS}{_LABELS}")
    largest = int(given.max())
    if largest >= LARGEST_CLASS:
        raise ValueError(f"y holds {largest}: expected {_CLASS_NUMBERS}{_LABELS}")
    n_classes = integer("n_classes", largest + 1 if n_classes is None else n_classes, 0, LARGEST_CLASS)
    if n_classes < 2:
        raise ValueError(f"y and n_classes tell of {n_classes} class: expected at least two")
    if largest >= n_classes:
        raise ValueError(f"y holds the class number {largest}: expected less than n_classes={n_classes}")
    return given.astype(np.int64), n_classes


def refuse_gaps(classes, n_classes):
    """Raise ValueError where a class has no row: classes were numbered otherwise, from one for example."""
    present = np.unique(classes)
    if len(present) == n_classes:
        return
    missing = int(np.argmax(np.append(present, -1) != np.arange(len(present) + 1)))
    raise ValueError(
        f"y holds {len(present)} class numbers from {present[0]} to {present[-1]} and not {missing}: expected "
        f"{_CLASS_NUMBERS}, each in some row; number them anew with numpy.unique(y, return_inverse=True)[1], or give "
        f"n_classes={n_classes} if there are classes without rows"
    )


def _is_binary(y, n):
    """Whether y is, as it stands, a vector of n zeros and ones with both among them."""
    if type(y) is not np.ndarray or y.dtype != np.float64 or y.shape != (n,) or not y.flags.c_contiguous:
        return False
    ones = np.count_nonzero(y == 1.0)
    return 0 < ones < n and ones == np.count_nonzero(y)


def weights(sample_weight, n):
    """Weights with sum one; equal weights as the short block that LogisticLoss takes for them."""
    if sample_weight is None:
        return np.full(min(n, WEIGHT_BLOCK), 1.0 / n)
    checked = type(sample_weight) is Checked
    return with_sum_one(sample_weight.value if checked else positive_weights(sample_weight, n))


def strength(name, value, p):
    """A penalty strength: a non-negative float, or (p, 1) of them."""
    if isinstance(value, float) and 0.0 <= value < math.inf:
        return float(value)
    try:
        array = amounts(name, value)
    except TypeError as error:
        raise TypeError(f"{name}={value!r}: expected a non-negative number or {p} of them") from error
    if array.shape not in ((), (p,)):
        raise ValueError(f"{name} has shape {array.shape}, expected a number or shape ({p},)")
    if not (np.isfinite(array).all() and (array >= 0).all()):
        raise ValueError(f"{name}={value!r}: expected finite non-negative numbers")
    return float(array) if array.shape == () else np.ascontiguousarray(array)[:, None]


def start(given, p, fit_intercept):
    """(coef of shape (p, 1), intercept) to start from; an intercept that is not fitted is zero."""
    if given is None:
        return np.zeros((p, 1)), 0.0
    if not hasattr(given, "coef"):
        if not isinstance(given, (tuple, list)) or len(given) != 2:
            raise TypeError(f"start={given!r}: expected a LogisticResult, (coef, intercept) or None")
        coef, intercept = given
    else:
        coef, intercept = given.coef, given.intercept
    intercept = np.asarray(intercept)
    if intercept.shape not in ((), (1,)):
        raise ValueError(f"start has an intercept of shape {intercept.shape}, expected a number")
    coef = vector("start", coef, p, "the columns of X")
    intercept = float(vector("start", intercept.reshape(1), 1)[0])
    return coef[:, None].copy(), intercept if fit_intercept else 0.0


def shares(successes, trials, sample_weight, n):
    """Shares of successes among trials, (n,), and sample weights times trials: what counts per row stand for.

    Weights that are `Checked` are taken as they are.
    """
    one = plain(trials)
    trials = vector("trials", np.full(n, number("trials", one)) if _is_scalar(one) else trials, n)
    successes = vector("y", successes, n)
    if trials.min() < 0.0 or not trials.any():
        raise ValueError(f"trials holds {trials.min()}: expected non-negative numbers, not all zero")
    outside = np.flatnonzero((successes < 0.0) | (successes > trials))
    if len(outside):
        i = outside[0]
        raise ValueError(f"y holds {successes[i]} successes in {trials[i]} trials (row {i}): expected 0 <= y <= trials")
    if type(sample_weight) is Checked:
        weight = trials * sample_weight.value
    else:
        weight = trials if sample_weight is None else trials * sample_weights(sample_weight, n)
    if not np.isfinite(weight).all():
        raise ValueError("sample_weight times trials is infinite: expected a product that double precision can hold")
    return np.divide(successes, trials, out=np.zeros(n), where=trials > 0.0), weight


def _is_scalar(value):
    try:
        return np.ndim(value) == 0
    except (TypeError, ValueError, RuntimeError):  # it makes no array
        return False


def bounds(given, p, names=None):
    """(lower, upper), each a float or (p, 1); None where no coefficient is bounded.

    `names` are those of the columns of X, if it has any.
    """
    if given is None:
        return None
    if isinstance(given, Mapping):
        lower, upper = np.full((p, 1), -np.inf), np.full((p, 1), np.inf)
        for key, pair in given.items():
            j = column("bounds", key, p, names)
            lower[j], upper[j] = _limits(f"bounds[{key!r}]", pair, 1)
    else:
        lower, upper = _limits("bounds", given, p)
    crossed = np.flatnonzero(np.broadcast_to(lower > upper, (p, 1)))
    if len(crossed):
        raise ValueError(
            f"bounds: the lower one is above the upper one for {len(crossed)} of {p} columns of X "
            f"(the first is {int(crossed[0]) if names is None else names[crossed[0]]!r})"
        )
    return (lower, upper) if np.isfinite(lower).any() or np.isfinite(upper).any() else None


def _limits(name, pair, p):
    """(lower, upper) from two numbers, arrays or None."""
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise TypeError(f"{name}={pair!r}: expected (lower, upper), each a number, None or one for each column of X")
    return tuple(_limit(name, value, p, worst) for value, worst in zip(pair, (np.inf, -np.inf), strict=True))


def _limit(name, value, p, worst):
    """One bound as a float or (p, 1); None is none, and `worst` would leave no value."""
    try:
        array = amounts(name, -worst if value is None else value)
    except TypeError as error:
        expected = f"expected a number, None or one for each of {p} columns of X"
        raise TypeError(f"{name} has a limit {value!r}: {expected}") from error
    if array.shape not in ((), (p,)):
        raise ValueError(f"{name} has a limit of shape {array.shape}: expected a number or shape ({p},)")
    if np.isnan(array).any() or (array == worst).any():
        raise ValueError(f"{name} has a limit {value!r}: expected numbers other than NaN and {worst}")
    return float(array) if array.shape == () else np.ascontiguousarray(array)[:, None]


def factors(given, p, names=None):
    """Penalty factors (p,) from an array or a dict, in which columns that are not named have a factor of one."""
    if isinstance(given, Mapping):
        out = np.ones(p)
        for key, value in given.items():
            out[column("penalty_factor", key, p, names)] = number(f"penalty_factor[{key!r}]", value)
    else:
        out = vector("penalty_factor", given, p, "the columns of X")
    if out.min() < 0.0:
        raise ValueError(f"penalty_factor holds {out.min()}: expected non-negative numbers")
    return out


def column(name, key, p, names=None):
    """The number of the column of X that a key of the dict `name` means: its number, or its name.

    A whole number is never a name, also where columns are called by numbers: those are no names for scikit-learn.
    """
    if isinstance(key, numbers.Integral) and not isinstance(key, bool):
        if 0 <= key < p:
            return int(key)
        raise ValueError(f"{name}: there is no column {key!r}, X has {p}")
    found = [] if names is None else [j for j, other in enumerate(names) if other == key]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"{name}: {len(found)} columns of X are called {key!r}; use their numbers")
    known = "X has no column names: use numbers" if names is None else f"X has {list(names[:10])}"
    raise ValueError(f"{name}: there is no column {key!r}, {known}")
