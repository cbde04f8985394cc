"""K two-class problems over one matrix: the rows, the penalty and the start of each, and the controls of all."""

import threading
import time
from dataclasses import replace
from functools import partial

import numpy as np

from fastlr.fit.solve import all_coefficients
from fastlr.matrix import as_matrix
from fastlr.matrix.csr import CSRMatrix
from fastlr.penalties.elastic_net import ElasticNet
from fastlr.presolve.screening import screen
from fastlr.presolve.standardization import standardized_strengths
from fastlr.solvers import Monitor
from fastlr.solvers.callbacks import tell
from fastlr.solvers.parts.starts import kind_of_start

#: Bytes that the vectors of a group of labels may take; fewest labels of a group, whatever their vectors take.
MOST_BYTES, FEWEST_TOGETHER = 1 << 29, 8

#: Mean entries of a column from which labels share truncated Newton steps.  CPU seconds with 20 labels, one by one and
#: together: 4 entries (11,314 x 1,196,056) 17 and 22; 31 entries (20,000 x 47,000) 2.1 and 1.5.
ENTRIES_OF_A_COLUMN = 8


class LabelProblems:
    """K two-class problems over one matrix: what they share, and rows, penalty and start of each.

    Parameters
    ----------
    matrix : fastlr.matrix.InMemoryMatrix
    labels : fastlr.fit.label_arguments.Labels
    weight : ndarray, as LogisticLoss takes it
        Sum one over the rows.
    factors : ndarray of shape (K, 2), or None
        Weights of rows without and with each label.
    l1, l2 : float or ndarray of shape (p, 1)
    fit_intercept, standardize : bool
    starts : (coef (K, p), intercept (K,)), or None
    """

    def __init__(self, matrix, labels, weight, factors, l1, l2, fit_intercept, standardize, starts):
        self.matrix = matrix
        self.labels = labels
        self.n_labels = labels.n_labels
        self.weight = weight
        self.factors = factors
        self.fit_intercept = fit_intercept
        self.starts = starts
        self.fixed_zero = None
        self._strengths = l1, l2
        self._moments = matrix.bind(self.weight_of_rows(), weight).column_moments() if standardize else None
        if standardize:
            _, _, self.fixed_zero = standardized_strengths(l1, l2, *self._moments)
        self._mean_weight = self._mean_weights_of_labels()
        #: The numbers of the columns that l1 leaves in all problems; None if all are left, or nobody has looked.
        self.columns = None
        self._screened = self._mean_squares = None

    def weight_of_rows(self):
        """The weights without those of labels, one for each row."""
        n = self.matrix.shape[0]
        return self.weight if len(self.weight) == n else np.full(n, self.weight[0])

    def _mean_weights_of_labels(self):
        """m_k, the mean weight that its label gives to the rows of each problem, (K,)."""
        if self.factors is None:
            return np.ones(self.n_labels)
        share = self.labels.sums(self.weight_of_rows())
        return self.factors[:, 0] * (1.0 - share) + self.factors[:, 1] * share

    @property
    def can_share_epochs(self):
        """Whether epochs of dual ascent can be shared: several labels that begin at zero, over CSR X."""
        several = self.n_labels > 1 and self.starts is None
        return several and isinstance(self.matrix, CSRMatrix)

    @property
    def bytes_of_epochs(self):
        """Bytes for each label in dual ascent: weights twice, six vectors along the rows."""
        n, p = self.matrix.shape
        return 8 * (2 * p + 6 * n)

    @property
    def can_step_together(self):
        """Whether truncated Newton steps are shared: several labels, whose fits are not made in the space of the rows,
        and passes that cost more than what goes on between them over columns."""
        dense_enough = self.matrix.nnz >= ENTRIES_OF_A_COLUMN * self.matrix.shape[1]
        return self.n_labels > 1 and dense_enough and kind_of_start(self.matrix, self.penalty(1.0)) != "rows"

    @property
    def bytes_of_steps(self):
        """Bytes for each label in truncated Newton: ten vectors along columns, eight along rows."""
        n, p = self.matrix.shape
        return 8 * (10 * p + 8 * n)

    def starts_of(self, which):
        """(coef (p, K), intercept (K,)) that these labels start from."""
        if self.starts is None:
            return np.zeros((self.matrix.shape[1], len(which))), np.zeros(len(which))
        coef = np.ascontiguousarray(self.starts[0][which].T)
        if self.fixed_zero is not None:
            coef[self.fixed_zero] = 0.0
        return coef, self.starts[1][which].copy()

    def groups(self, bytes_each):
        """Numbers of the labels that are worked on together, an array for each group."""
        size = max(FEWEST_TOGETHER, MOST_BYTES // bytes_each)
        return np.array_split(np.arange(self.n_labels), -(-self.n_labels // size))

    def block(self, which):
        """label (n, K) uint8, factor (2, K) and mean weights (K,) of these labels."""
        factors = np.ones((len(which), 2)) if self.factors is None else self.factors[which]
        return self.labels.block(which), np.ascontiguousarray(factors.T), self._mean_weight[which]

    def use_one_thread(self):
        """Let each pass have one thread, since threads take problems of their own."""
        known = {name: getattr(self.matrix, name) for name in ("copied_bytes", "taken", "precision")}
        self.matrix = as_matrix(self.matrix.X, 1)
        vars(self.matrix).update(known)

    def screen(self):
        """Leave out the columns that l1 makes zero in all problems: the rows' weights are the same in them."""
        if self.factors is None:
            rows, _, self.columns = screen(self._bind(0), self.penalty(1.0))
            if self.columns is not None:
                self._screened = rows.matrix
                self._screened.copied_bytes += self.matrix.copied_bytes

    def penalty(self, mean_weight):
        """The penalty of a problem whose rows have this mean weight."""
        l1, l2 = (strength / mean_weight for strength in self._strengths)
        if self._moments is not None:
            l1, l2, _ = standardized_strengths(l1, l2, *self._moments)
        return ElasticNet(l1, l2, (self.matrix.shape[1], 1), self.matrix.n_threads)

    def _bind(self, k, matrix=None):
        y, weight = self.labels.column(k), self.weight
        if self.factors is not None:
            weight = self.weight_of_rows() * np.where(y > 0.0, self.factors[k, 1], self.factors[k, 0])
            weight /= weight.sum()
        return (matrix or self.matrix).bind(y, weight)

    def of(self, k):
        """(rows, penalty, fit_intercept, start) of problem k, on the columns left."""
        rows, penalty = self._bind(k, self._screened), self.penalty(float(self._mean_weight[k]))
        if self.factors is None:
            rows.measured = self._measured(rows)
        if self.columns is not None:
            penalty = penalty.restrict(self.columns)
        return rows, penalty, self.fit_intercept, self.start(k)

    def _measured(self, rows):
        """The mean squares of the columns left, which all problems share where labels have no weights."""
        if self._mean_squares is None:
            self._mean_squares = rows.matrix.mean_squares(rows.loss.weight_of_rows())
        return self._mean_squares

    def start(self, k):
        """(coef (p, 1), intercept) that problem k starts from, zero where coefficients are fixed at zero."""
        if self.starts is None:
            return np.zeros((self.matrix.shape[1], 1)), 0.0
        coef = self.starts[0][k][:, None].copy()
        if self.fixed_zero is not None:
            coef[self.fixed_zero] = 0.0
        return coef, float(self.starts[1][k])


class SharedControls:
    """The user's time limit and callback, shared by all problems; a callback that stops one stops all."""

    def __init__(self, controls, n_labels):
        self._controls = controls
        self._n_labels = n_labels
        self._begin = time.perf_counter()
        self._stopped = threading.Event()

    @property
    def is_watched(self):
        """Whether there is a callback, which is called in the thread that asked for the fit."""
        return self._controls.callback is not None

    def stop(self):
        """End all problems after their next iteration."""
        self._stopped.set()

    def ended(self, k):
        """Tell the callback that problem k is over."""
        tell(self._controls.callback, "label_ended", int(k))

    def controls(self, k, begun=()):
        """The Controls of problem k, which may have begun with this history."""
        limit = self._controls.time_limit
        if limit is not None:
            passed = begun[-1].elapsed if begun else 0.0
            limit = passed + max(0.0, limit - (time.perf_counter() - self._begin))

        def call_back(progress):
            if self.is_watched and self._controls.callback(progress.telling(label=int(k), n_labels=self._n_labels)):
                self.stop()
            return self._stopped.is_set()

        return replace(self._controls, time_limit=limit, callback=call_back, begun=tuple(begun))

    def monitor(self, k, counter, solver, choice, fixed_zero, null_value):
        """The Monitor of problem k in a fit of several, which shows it handles of coefficients.

        A handle is (points, position), where points.coefficients is (K, p).
        """
        lift = partial(_coefficients, fixed_zero)
        return LabelMonitor(
            partial(self.ended, k), self.controls(k), None, solver, choice, lift, counter, float(null_value)
        )


class LabelMonitor(Monitor):
    """Monitor of one of several fits, whose points come with Measures: it has no objective.

    The result is made when the fit ends, so that the arrays of all labels can be freed.
    """

    settled = None

    def __init__(self, when_ended, *arguments):
        super().__init__(*arguments)
        self._when_ended = when_ended

    def _end(self, status, message):
        self._when_ended()
        return super()._end(status, message)

    def settle(self):
        """Make the result."""
        self.settled = self.result()
        self.state = self._last = None

    def look_at(self, objective, fixed_zero):
        """Take this objective, of the one fit, for the diagnosis of its result."""
        self.objective, self.counter = objective, objective.rows.counter
        self.lift = partial(all_coefficients, objective.shape[0], None, fixed_zero)


def _coefficients(fixed_zero, handle, intercept):
    """((p,) coefficients, intercept) from a handle; those of `fixed_zero` exactly zero."""
    points, position = handle
    out = np.array(points.coefficients[position], order="C")
    if fixed_zero is not None:
        out[fixed_zero] = 0.0
    return out, intercept
