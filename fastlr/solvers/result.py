"""What a fit returns, and how it ended."""

from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from fastlr._compact_pickles import CompactPickles


class Status(Enum):
    """Why a fit ended."""

    CONVERGED = "converged"
    MAX_ITER = "max_iter"
    TIME_LIMIT = "time_limit"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    LINE_SEARCH_FAILED = "line_search_failed"
    NUMERICAL_ERROR = "numerical_error"
    SEPARATED = "separated"


@dataclass(frozen=True)
class Progress:
    """One line of a fit's history, and what a callback receives.

    Attributes
    ----------
    iteration : int
    n_passes : float
        Readings of X so far (entries read / entries of X).
    elapsed : float
        Seconds since the fit began.
    objective : float
        Value of the core objective (weighted mean loss plus penalty).
    gap : float
        Bound on (or, for an unpenalised fit, estimate of) objective minus minimum.
    optimality : float
        Inf-norm of the subgradient of least norm.
    nonzeros : int
        Coefficients that are not zero.
    coefficients : callable or None
        In a callback: returns a copy of (coef, intercept) as in the result.  None in a result's history.
    label : int or None
        In a callback of fit_one_vs_rest: the number of the class or label.  None elsewhere.
    """

    iteration: int
    n_passes: float
    elapsed: float
    objective: float
    gap: float
    optimality: float
    nonzeros: int
    coefficients: object = field(default=None, repr=False, compare=False)
    label: int | None = None


@dataclass(frozen=True)
class LogisticResult(CompactPickles):
    """A fitted logistic regression.

    Attributes
    ----------
    coef : ndarray of shape (p,), float64
    intercept : float
    objective : float
        sum_i s_i loss_i / sum_i s_i + l2/2 ||coef||^2 + l1 ||coef||_1.
    duality_gap : float
        Upper bound on objective minus minimum, rounding included; NaN where no gap can be had (coefficients without
        a penalty).
    certificate : {"gap", "newton_decrement", "quasi_newton_decrement", "extrapolation"}
        What the fit stopped on: a duality gap (a bound), or an estimate, for fits with unpenalised coefficients or
        beyond the reach of double precision: half the squared Newton decrement, what "lbfgs" takes for it, or
        what the gains of gradient descent leave to be gained if they go on falling as they did.
    optimality : float
        Inf-norm of the subgradient of least norm, at coef.
    n_iter : int
    n_passes : float
        Readings of X: entries read / entries of X.
    copied_bytes : int
        The most bytes held at one time in copies of X: its conversion, if any, and gathered columns.
    status : Status
    message : str
    solver : str
    history : tuple of Progress
    findings : tuple
        What a diagnosis found of coefficients without a penalty: fastlr.diagnosis.Separation, Collinear, Constant.
        Mostly empty.
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

    @property
    def converged(self):
        return self.status is Status.CONVERGED


class FitInterrupted(KeyboardInterrupt):
    """A fit was interrupted from the keyboard; `result` holds the last point reached (status INTERRUPTED)."""

    def __init__(self, result):
        super().__init__(result.message)
        self.result = result

    def __reduce__(self):
        return type(self), (self.result,)
