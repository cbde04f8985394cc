"""The result of a fit, its history and its status."""

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from functools import partial
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from fastlr._compact_pickles import CompactPickles
from fastlr.solvers import result_tables


class Status(Enum):
    """Why a fit ended, from the best to the worst.

    Attributes
    ----------
    CONVERGED
        The suboptimality, or its estimate where no bound can be had, is within `tol`.
    PRECISION_LIMIT
        Rounding hides the target; `duality_gap` has what was reached.
    MAX_ITER
        After `max_iter` iterations.
    TIME_LIMIT
        After `time_limit` seconds.
    STOPPED
        The callback said so.
    INTERRUPTED
        Ctrl-C.
    LINE_SEARCH_FAILED
        No step lowers the objective, or steps no longer lower it.
    NUMERICAL_ERROR
        Numbers became too large, or no step can be computed.
    SEPARATED
        Classes can be separated in columns without a penalty: no optimum exists.
    """

    CONVERGED = "converged"
    PRECISION_LIMIT = "precision_limit"
    MAX_ITER = "max_iter"
    TIME_LIMIT = "time_limit"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    LINE_SEARCH_FAILED = "line_search_failed"
    NUMERICAL_ERROR = "numerical_error"
    SEPARATED = "separated"

    @staticmethod
    def worst(statuses):
        """The one that comes last in the order above."""
        return max(statuses, key=_ORDER.__getitem__)

    @property
    def is_own_end(self):
        """Whether the fit ended by itself, not because somebody or a clock stopped it."""
        return self in (
            Status.CONVERGED,
            Status.PRECISION_LIMIT,
            Status.MAX_ITER,
            Status.LINE_SEARCH_FAILED,
            Status.NUMERICAL_ERROR,
        )

    @property
    def is_stalled(self):
        """Whether the solver found no step that gets on: for lack of digits, or for a reason it does not know."""
        return self in (Status.PRECISION_LIMIT, Status.LINE_SEARCH_FAILED, Status.NUMERICAL_ERROR)


_ORDER = {status: place for place, status in enumerate(Status)}

#: Names of the fields by which points of a history are compared: times never decide.
_MEASURED = ("iteration", "n_passes", "objective", "gap", "target", "optimality", "nonzeros")


class Coefficients:
    """`Progress.coefficients`: called, it returns a copy of (coef, intercept).

    They are made when they are asked for, of the point at hand; what a callback keeps is settled before the fit goes
    on, and holds nothing of it.  So does a pickle.

    Parameters
    ----------
    lift : callable
        Makes (coef, intercept), fresh arrays, of `where`.
    *where :
        The point, as a Monitor has it.
    """

    def __init__(self, lift, *where):
        self._make = partial(lift, *where)

    def __call__(self):
        return self._make()

    def settle(self):
        """Make the coefficients, and let go of what they are made of."""
        self._make = partial(copy.deepcopy, self._make())

    def __reduce__(self):
        return type(self), (copy.deepcopy, self._make())


@dataclass(frozen=True, eq=False)
class Progress:
    """One line of a fit's history, and what a callback receives.

    Two are equal if they agree in everything but `elapsed`; NaN equals NaN.  ``pandas.DataFrame(result.history)`` has a
    column for each of the first eight attributes, and not for those that only a callback is told.

    Attributes
    ----------
    iteration : int
    n_passes : float
        Readings of X so far (entries read / entries of X).
    elapsed : float
        Seconds since the fit began; in fit_one_vs_rest since that of this label began, or that of the labels worked on
        together with it.
    objective : float
        Value of the core objective (weighted mean loss plus penalty).
    gap : float
        Bound on (or, for an unpenalised fit, estimate of) objective minus minimum.  At most the objective: the minimum
        is not negative.
    target : float
        Suboptimality to certify: tol times the objective of the null model.
    optimality : float
        Inf-norm of the subgradient of least norm.
    nonzeros : int
        Coefficients that are not zero.
    remaining : float
        In a callback: an estimate of the seconds left until `gap` reaches `target`, if log `gap` goes on falling as it
        did; NaN where it does not fall, or nothing is known yet.  NaN in a result's history.
    coefficients : callable or None
        In a callback: returns a copy of (coef, intercept) as in the result.  Kept, it holds them and no data, and can
        be pickled.  None in a result's history.
    label, n_labels : int or None
        In a callback of fit_one_vs_rest: the number of the class or label, and how many there are.  None elsewhere.
    name : str or None
        In a callback of LogisticRegression with "ovr" or "multilabel": what this fit is about, ``"class 'setosa'"`` or
        ``"label 3"``.  None elsewhere.
    """

    iteration: int
    n_passes: float
    elapsed: float
    objective: float
    gap: float
    target: float
    optimality: float
    nonzeros: int

    _told: ClassVar[Mapping] = MappingProxyType({})

    def telling(self, **known):
        """A copy with more attributes: any of those after the first eight."""
        more = copy.copy(self)
        vars(more)["_told"] = {**self._told, **known}
        return more

    @property
    def remaining(self) -> float:
        return self._told.get("remaining", math.nan)

    @property
    def coefficients(self) -> Callable | None:
        return self._told.get("coefficients")

    @property
    def label(self) -> int | None:
        return self._told.get("label")

    @property
    def n_labels(self) -> int | None:
        return self._told.get("n_labels")

    @property
    def name(self) -> str | None:
        return self._told.get("name")

    def _key(self):
        values = [getattr(self, name) for name in _MEASURED]
        return tuple(None if value != value else value for value in values)

    def __eq__(self, other):
        return self._key() == other._key() if isinstance(other, Progress) else NotImplemented

    def __hash__(self):
        return hash(self._key())


@dataclass(frozen=True, eq=False, repr=False)
class LogisticResult(CompactPickles):
    """A fitted logistic regression.

    It prints as a short table, in notebooks as one of HTML.  Two results are equal if they agree in everything but the
    times in their histories; NaN equals NaN.  As its arrays can be changed, a result has no hash.

    Attributes
    ----------
    coef : ndarray of shape (p,), float64
        (K, p) from `fit_softmax`.
    intercept : float
        An array (K,) from `fit_softmax`.
    objective : float
        sum_i s_i loss_i / sum_i s_i + l2/2 ||coef||^2 + l1 ||coef||_1.
    duality_gap : float
        Upper bound on objective minus minimum, rounding included, at most the objective, since the minimum is not
        negative; NaN where no gap can be had (coefficients without a penalty).
    certificate : {"gap", "newton_decrement"}
        What the fit is judged by: a duality gap, which is a bound, or, where some coefficients have no penalty and no
        gap can be had, half the squared Newton decrement, which is an estimate.
    optimality : float
        Inf-norm of the subgradient of least norm, at coef.
    n_iter : int
    n_passes : float
        Readings of X: entries read / entries of X.
    copied_bytes : int
        The most bytes held at one time in copies of X: its conversion, if any, and gathered columns.
    status : Status
    message : str
        How the fit ended, what was found of its coefficients, which solver was chosen and why: sentences.
    solver : str
    history : tuple of Progress
        The points passed; ``pandas.DataFrame(result.history)`` makes a table of it.
    findings : tuple
        What a diagnosis found of coefficients without a penalty: fastlr.diagnosis.Separation, Collinear, Constant.
        Mostly empty.
    target : float
        Suboptimality that was to be certified: tol times the objective of the null model.
    centre : ndarray of shape (p,), float64, or None
        Number subtracted from each column far from zero while it was fitted, 0 for all others; None without any.
    centred_intercept : float, (K,) from `fit_softmax`, or None
        intercept + centre . coef before it was rounded: (x - centre) . coef + centred_intercept has the digits that
        x . coef + intercept loses.
    """

    coef: np.ndarray
    intercept: float
    objective: float
    duality_gap: float
    certificate: str
    optimality: float
    n_iter: int
    n_passes: float
    copied_bytes: int
    status: Status
    message: str
    solver: str
    history: tuple
    findings: tuple = ()
    target: float = math.nan
    centre: np.ndarray | None = None
    centred_intercept: float | None = None

    __hash__ = None  # type: ignore[assignment]

    @property
    def converged(self):
        """Whether the status is CONVERGED."""
        return self.status is Status.CONVERGED

    @property
    def seconds(self):
        """Seconds from the beginning of the solver's work to the last point of the history."""
        return self.history[-1].elapsed

    def __eq__(self, other):
        if not isinstance(other, LogisticResult):
            return NotImplemented
        return all(_same(getattr(self, each.name), getattr(other, each.name)) for each in fields(self))

    def __repr__(self):
        return result_tables.text_of_one(self)

    def _repr_html_(self):
        return result_tables.html_of_one(self)


class LogisticResults(tuple):
    """The results of K fits, one for each class or label: a tuple that prints as a table with a line for each.

    Parameters
    ----------
    results : iterable of LogisticResult
    names : sequence of str, optional
        What the table calls them; their numbers if it is not given.
    """

    names: tuple

    def __new__(cls, results, names=None):
        self = super().__new__(cls, results)
        self.names = tuple(map(str, range(len(self)))) if names is None else tuple(names)
        return self

    def __repr__(self):
        return result_tables.text_of_several(self, self.names)

    def _repr_html_(self):
        return result_tables.html_of_several(self, self.names)


def _same(a, b):
    """Whether two values of a field are the same, NaN equal to NaN."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(a, b, equal_nan=True)
    return a == b or (a != a and b != b)


class FitInterrupted(KeyboardInterrupt):
    """A fit was interrupted from the keyboard; `result` holds the last point reached (status INTERRUPTED)."""

    def __init__(self, result):
        super().__init__(result.message)
        self.result = result

    def __reduce__(self):
        return type(self), (self.result,)
