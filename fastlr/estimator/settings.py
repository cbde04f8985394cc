"""The settings of a fit: the constructor arguments of the estimator, checked and in the terms of the core, once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fastlr.estimator.parameter_checks import checked
from fastlr.estimator.sklearn_parameters import effective_penalty, merge_n_jobs, our_solver, softmax_solver, strengths
from fastlr.fit import arguments
from fastlr.solvers import penalty_name


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """What a fit is asked for, apart from its data; the attributes are described at LogisticRegression.

    Numbers are Python's.  `C` and `l1_ratio` are those that the deprecated `penalty` leaves, `n_threads` heeds
    `n_jobs`; `solver` may still be a name of scikit-learn's, whose meaning depends on the penalty strengths.
    """

    C: float
    l1_ratio: float
    penalty_factor: np.ndarray | list | dict | None
    bounds: tuple | list | dict | None
    group_penalty: bool
    multi_class: str
    class_weight: dict | list | str | None
    standardize: bool
    fit_intercept: bool
    solver: str
    tol: float
    max_iter: int
    n_threads: int | None
    time_limit: float | None
    verbose: int
    callback: Callable | None
    warm_start: bool

    def factors(self, p, names):
        """What multiplies the penalty of each column, (p,); None where nothing does.  `names` are the columns'."""
        return None if self.penalty_factor is None else arguments.factors(self.penalty_factor, p, names)

    def strengths(self, total, factors):
        """l1 and l2 of the core objective, each a number or (p,).

        Parameters
        ----------
        total : float
            The sum S of all weights, sample weights times class weights.
        factors : ndarray of shape (p,), or None
            As the method `factors` gives them.
        """
        l1, l2 = strengths(self.C, self.l1_ratio, total)
        if factors is None:
            return l1, l2
        if not np.isfinite(factors.max() * (l1 + l2)):
            told = "its product with 1 / (C S) is more than double precision can hold"
            raise ValueError(f"penalty_factor holds {factors.max()}: {told}")
        return factors * l1 if l1 else l1, factors * l2 if l2 else l2

    def two_class_solver(self, l1, l2):
        """The name of the solver of a two-class fit; raises ValueError where scikit-learn's name excludes it."""
        return our_solver(self.solver, penalty_name(np.any(l1), np.any(l2)))

    def softmax_solver(self, l1, l2):
        """The name of the solver of a softmax fit; raises ValueError where there is none of that name."""
        return softmax_solver(self.solver, penalty_name(np.any(l1), np.any(l2)))

    @property
    def common_arguments(self):
        """The keyword arguments that all functional entries take alike, the callback aside."""
        return {
            "fit_intercept": self.fit_intercept,
            "tol": self.tol,
            "max_iter": self.max_iter,
            "n_threads": self.n_threads,
            "time_limit": self.time_limit,
        }


def settings_of(estimator):
    """The Settings of an estimator with the constructor arguments of LogisticRegression.

    Raises
    ------
    InvalidParameterError (a ValueError), ValueError, TypeError
        For arguments that no fit can use, as `checked` says.

    Warns
    -----
    FutureWarning, UserWarning
        Where the deprecated `penalty` is given, at the line that called fit, which is decorated.
    """
    given = checked(estimator)
    C, l1_ratio = effective_penalty(given.penalty, given.C, given.l1_ratio)
    return Settings(
        C=C,
        l1_ratio=l1_ratio,
        penalty_factor=given.penalty_factor,
        bounds=given.bounds,
        group_penalty=given.group_penalty,
        multi_class=given.multi_class,
        class_weight=given.class_weight,
        standardize=given.standardize,
        fit_intercept=given.fit_intercept,
        solver=given.solver,
        tol=given.tol,
        max_iter=given.max_iter,
        n_threads=merge_n_jobs(given.n_threads, given.n_jobs),
        time_limit=given.time_limit,
        verbose=given.verbose,
        callback=given.callback,
        warm_start=given.warm_start,
    )
