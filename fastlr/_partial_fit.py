"""Learning from rows as they come: AdaGrad steps on mini-batches."""

import numpy as np
from sklearn.utils.validation import validate_data

from fastlr import _fit_arguments as arguments
from fastlr._class_weights import of_two
from fastlr._estimator_checks import check_parameters
from fastlr.design import as_design
from fastlr.objective import inverse
from fastlr.penalty import within

#: Rows of a mini-batch.
BATCH = 128
#: Length of the first step in each coefficient, where its column has mean square 4 (curvatures are then at most one).
#: Suboptimality after 10 sweeps over text (4,000 x 6,000) with 0.05, 0.1, 0.25: 0.05, 0.12, 0.25; over a dense
#: 2,000 x 12: 0.010, 0.0012, 0.0026; over breast cancer (569 x 30): 0.030, 0.015, 0.0063.
LENGTH = 0.1
#: Attributes of a fit that say nothing of what a stream has reached.
OF_A_FIT = ("result_", "solver_", "duality_gap_")


class StreamingFit:
    """`partial_fit` for an estimator with the constructor arguments of LogisticRegression."""

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Learn from more rows: one AdaGrad step for each mini-batch of up to 128 rows, in their order.

        The penalty is what `fit` would use on all rows seen so far, repeats included: ``l2 = (1 - l1_ratio) / (C t_)``,
        and l1 likewise.  The steps are those of Duchi, Hazan and Singer (2011, figure 1, mirror descent, diagonal),
        with the gradient of the mini-batch's mean loss and of l2; l1 and bounds act by their prox.  For rows in random
        order and a fixed penalty the mean of the objectives met exceeds the least one by ``O(1 / sqrt(n_iter_))``, in
        expectation and without a certificate: where all rows are at hand, `fit` is faster and exact.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            CSR is used as it is; other sparse formats are converted.
        y : array-like of shape (n_samples,)
            Labels out of `classes`; one of the two may be missing.
        classes : array-like of shape (2,), optional
            The two labels; needed in the first call, if `fit` was not called before.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
            With `coef_` and `intercept_` (float64), `classes_`, `n_features_in_`, `n_iter_` (steps so far) and `t_`
            (sum of the weights of the rows seen so far, the number of rows if there are none).  After `fit` it goes on
            from the coefficients there, counting anew.

        Raises
        ------
        ValueError, TypeError
            For parameters or data that cannot be used, among them labels out of `classes` and another number of columns
            than before.  What was learnt before stays.
        """
        check_parameters(self)
        _check_streamable(self)
        known = _two_labels(classes, getattr(self, "classes_", None))
        X = validate_data(
            self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=not hasattr(self, "coef_")
        )
        self.classes_ = known
        n, p = X.shape
        targets = self._encoded(y, n).astype(np.float64)
        weight = np.ones(n) if sample_weight is None else arguments.vector("sample_weight", sample_weight, n)
        if weight.min() < 0.0:
            raise ValueError(f"sample_weight holds {weight.min()}: expected non-negative numbers")
        if self.class_weight is not None:
            targets, weight = of_two(self.class_weight, known, targets, weight)
        stream = getattr(self, "_stream", None) or Stream(p)
        coef, intercept = _reached(self, p)
        design = as_design(X, 1)
        for begin in range(0, n, BATCH):
            batch = slice(begin, min(begin + BATCH, n))
            if not weight[batch].any():
                continue
            total = stream.see(design.between(batch.start, batch.stop), targets[batch], weight[batch])
            l1, l2 = map(arguments.strength, ("l1", "l2"), self._strengths(total, p), (p, p))
            penalty = within(arguments.bounds(self._bounds(p), p), l1, l2, (p, 1))
            coef, intercept = stream.step(penalty, coef, intercept, self.fit_intercept)
        self._keep_stream(stream, coef, intercept)
        return self

    def _keep_stream(self, stream, coef, intercept):
        for name in OF_A_FIT:
            vars(self).pop(name, None)
        self._stream = stream
        self.coef_, self.intercept_ = coef.T.copy(), np.array([intercept])
        self.n_iter_, self.t_ = np.array([stream.steps], dtype=np.int32), stream.total

    def _end_stream(self):
        """Forget what `partial_fit` has kept."""
        for name in ("_stream", "t_"):
            vars(self).pop(name, None)


class Stream:
    """What AdaGrad keeps from one mini-batch to the next.

    Parameters
    ----------
    p : int
        Number of columns.
    """

    def __init__(self, p):
        #: Sum of the weights of all rows seen, and number of steps.
        self.total, self.steps = 0.0, 0
        #: Sum of squared gradients, and of the largest curvatures s_i x_ij^2 / 4 of all rows.
        self._squares, self._curvature = np.zeros((p, 1)), np.zeros((p, 1))
        self._intercept_squares = 0.0
        self._rows = None

    def __getstate__(self):
        return self.__dict__ | {"_rows": None}  # rows are of use only between see and step

    def see(self, design, targets, weight):
        """Take up a mini-batch, not all weights zero; returns the sum of the weights of all rows so far."""
        mass = float(weight.sum())
        self._rows = design.bind(np.ascontiguousarray(targets), weight / mass)
        self._curvature += mass * self._rows.squares(self._rows.steepest())
        self.total += mass
        return self.total

    def step(self, penalty, coef, intercept, fit_intercept):
        """(coef (p, 1), intercept) after a step on the mini-batch seen last.

        A step in coefficient j is as long as its column's root mean square asks for, so that no unit is favoured.
        """
        state, _, gradient = self._rows.loss_gradient(coef, intercept)
        gradient += penalty.l2 * coef
        self._squares += gradient * gradient
        curvature = self._curvature / self.total + penalty.l2
        length = LENGTH * inverse(np.sqrt(curvature)) * inverse(np.sqrt(self._squares))
        self.steps += 1
        moved = penalty.prox(coef - length * gradient, length)
        if fit_intercept:
            slope = float(self._rows.loss.slope(state.eta, 0.0)[0])
            self._intercept_squares += slope * slope
            if slope:
                intercept -= 2.0 * LENGTH * slope / np.sqrt(self._intercept_squares)  # a column of ones: sqrt(1 / 4)
        return moved, intercept


def _check_streamable(estimator):
    """Raise ValueError for what needs all rows at once."""
    if estimator.standardize:
        raise ValueError("standardize=True: partial_fit does not know the standard deviations of rows to come")
    if estimator.class_weight == "balanced":
        raise ValueError("class_weight='balanced': partial_fit does not know the labels of rows to come; give a dict")


def _two_labels(classes, known):
    """The two labels, sorted: those given, or those of earlier calls."""
    if classes is None:
        if known is None:
            raise ValueError("classes=None: expected the two labels in the first call of partial_fit")
        if len(known) != 2:
            raise ValueError(f"classes: fit has found {len(known)} of them, partial_fit goes on from two classes only")
        return known
    given = np.unique(classes)
    if len(given) != 2:
        raise ValueError(
            f"classes={classes!r} holds {len(given)} distinct labels, expected two: partial_fit learns two classes, "
            "fit takes any number"
        )
    if known is not None and not np.array_equal(given, known):
        raise ValueError(f"classes={classes!r}: expected those of earlier calls, {known.tolist()}")
    return given


def _reached(estimator, p):
    """Coefficients (p, 1) and intercept reached so far, or zero."""
    if not hasattr(estimator, "coef_"):
        return np.zeros((p, 1)), 0.0
    coef = estimator.coef_.toarray() if hasattr(estimator.coef_, "toarray") else estimator.coef_
    return np.array(coef, dtype=np.float64).T.copy(), float(estimator.intercept_[0])
