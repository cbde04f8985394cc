"""The functional entry: arrays in, LogisticResult out.  Does not import scikit-learn."""

import numpy as np

from fastlr._environment import resolve_threads
from fastlr.fit import arguments
from fastlr.fit.solve import fit_rows
from fastlr.inference.identifiability import with_names
from fastlr.matrix import as_matrix
from fastlr.penalties.elastic_net import within
from fastlr.presolve.recentring import fit_centred
from fastlr.presolve.screening import screen
from fastlr.presolve.standardization import standardized_strengths
from fastlr.solvers.callbacks import tells_its_end
from fastlr.special import expit_derivative
from fastlr.validation.numbers import switch, threads


@tells_its_end
@np.errstate(all="ignore")
def fit_logistic(
    X,
    y,
    *,
    l2=0.0,
    l1=0.0,
    bounds=None,
    sample_weight=None,
    offset=None,
    trials=None,
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
    X : array-like, data frame or scipy.sparse matrix or array, shape (n, p)
        A NumPy array or whatever makes one, a list of rows, a pandas or polars DataFrame or pyarrow Table of numbers,
        sparse of any format.  float32 or float64, C or F order, CSR or CSC with int32 or int64 indices: used without a
        copy.  Anything else is converted once (``copied_bytes`` counts it): booleans, integers and numbers among
        objects to float64, float16 to float32, other sparse formats to CSR.
    y : array-like of shape (n,)
        Numbers or booleans, in an array, list or Series: {0, 1}, {-1, +1}, or probabilities in [0, 1]; with `trials`,
        numbers of successes.
    l2, l1 : float or array-like of shape (p,), non-negative
        Penalty strengths on the scale of the weighted mean loss; arrays give each coefficient its own.  Without them
        nothing is penalised, unlike in `LogisticRegression`.  From scikit-learn's C and l1_ratio: l2 = (1 - l1_ratio) /
        (C S), l1 = l1_ratio / (C S) with S = sum of weights.
    bounds : (lower, upper) or dict, optional
        Bounds of the coefficients, on the scale of X.  Each of the two is a number, an array of shape (p,) or None;
        (0, None) keeps all coefficients from being negative.  A dict gives such pairs of numbers for single columns, by
        their number or, where X has ``columns``, their name; a whole number is never a name.  The intercept has no
        bounds.
    sample_weight : array-like of shape (n,) or float, optional
        Finite, not negative, not all zero; a weight of k is the same as k copies of the row.  A number is the weight of
        every row.
    fit_intercept : bool
    standardize : bool
        Let the penalty act on columns divided by their weighted standard deviations, as glmnet does; coefficients come
        back on the scale of X, and constant columns get zero.  The objective reported has strengths l1 sd_j and
        l2 sd_j^2.  X is not copied.
    offset : array-like of shape (n,), optional
        Added to the linear predictor of each row, with a coefficient of one.  The null model that `tol` refers to keeps
        it.
    trials : float or array-like of shape (n,), optional
        Trials of each row, of which y are the successes, 0 <= y <= trials: the same as a row of weight y with label 1
        and one of weight trials - y with label 0.
    solver : str
        "auto" takes the one that is fastest for the shape of X, the penalty and the bounds; the result's message says
        why.  Or one of these:

        - without l1 and bounds: "newton_small", "newton_cholesky", "newton_cg", and "dual_coordinate_descent", which
          needs X C-ordered or CSR and l2 on each coefficient;
        - with l1 or bounds: "prox_newton", "coordinate_descent"; with bounds and without l1 "projected_newton";
        - for comparison, never taken by "auto": "lbfgs" (without l1 and bounds), "gradient_descent",
          "accelerated_gradient", "adagrad" (with everything) and "stochastic_gradient" (with everything, on dense or
          CSR X).
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
        Where it has a method ``fit_ended``, that is called once when the fit is over, however it ends, with the result
        or None.

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
    controls = arguments.controls(tol, max_iter, time_limit, callback)
    fit_intercept, standardize = switch("fit_intercept", fit_intercept), switch("standardize", standardize)
    matrix = as_matrix(X, resolve_threads(threads("n_threads", n_threads)))
    n, p = matrix.shape
    if trials is not None:
        y, sample_weight = arguments.shares(y, trials, sample_weight, n)
    weight = arguments.weights(sample_weight, n)
    y = arguments.targets(y, n, None if sample_weight is None else weight)
    l1, l2 = arguments.strength("l1", l1, p), arguments.strength("l2", l2, p)
    names = matrix.names
    limits = arguments.bounds(bounds, p, names)
    offset = None if offset is None else arguments.vector("offset", offset, n)
    start = arguments.start(start, p, fit_intercept)

    def fit(matrix, start, controls):
        rows, fixed_zero, strengths = matrix.bind(y, weight, offset), None, (l1, l2)
        if standardize:
            *strengths, fixed_zero = standardized_strengths(l1, l2, *rows.column_moments(), limits, names)
            start[0][fixed_zero] = 0.0
        rows, penalty, columns = screen(rows, within(limits, *strengths, (p, 1), matrix.n_threads))
        return fit_rows(rows, penalty, fit_intercept, start, solver, controls, columns, fixed_zero)

    def curvature(matrix, coef, intercept):
        eta = np.zeros(n) if offset is None else offset.copy()
        matrix.forward(coef, intercept, eta)
        return expit_derivative(eta) * (1.0 if sample_weight is None else weight)

    counted = None if sample_weight is None else weight
    return with_names(fit_centred(matrix, fit, curvature, start, controls, fit_intercept, counted), names)
