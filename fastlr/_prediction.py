"""What a fitted estimator says of new rows: labels, scores, probabilities and losses, each in one pass over X."""

import numpy as np
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.utils.validation import (
    _check_sample_weight,
    check_array,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from fastlr import special
from fastlr._environment import resolve_threads
from fastlr._fit_arguments import vector
from fastlr._sklearn_arguments import merge_n_jobs
from fastlr.design import as_design, outputs
from fastlr.design.base import ENTRIES_PER_THREAD

_FORMATS = ["csr", "csc"]


class LinearPrediction(LinearClassifierMixin):
    """Prediction from ``coef_``, ``intercept_`` and ``classes_``.

    X is checked as scikit-learn does, with its errors, but not scanned for NaN: a linear predictor that is not finite
    gives NaN and infinity away, and only then X is looked at.
    """

    def decision_function(self, X, *, offset=None):
        """Linear predictors X coef + intercept: log odds of the second class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,), optional
            Added to the log odds.

        Returns
        -------
        ndarray of shape (n_samples,)
            float32 where both X and ``coef_`` are, else float64.
        """
        if offset is not None:
            return self._moved(X, offset)
        return self._predicted(X, outputs.linear_predictor)

    def predict_proba(self, X, *, offset=None):
        """Probabilities of the two classes, in the order of ``classes_``.

        The smaller of the two is as exact as the larger.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,), optional
            Added to the log odds.

        Returns
        -------
        ndarray of shape (n_samples, 2)
        """
        if offset is not None:
            eta = self._moved(X, offset)
            return np.column_stack([special.expit(-eta), special.expit(eta)])
        return self._predicted(X, outputs.probabilities)

    def predict_log_proba(self, X, *, offset=None):
        """Logarithms of the probabilities, -log(1 + exp(-+eta)): finite also where a probability underflows.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,), optional
            Added to the log odds.

        Returns
        -------
        ndarray of shape (n_samples, 2)
        """
        if offset is not None:
            eta = self._moved(X, offset)
            return -np.logaddexp(0.0, np.column_stack([eta, -eta]))
        return self._predicted(X, outputs.log_probabilities)

    def predict(self, X, *, offset=None):
        """Labels: the second class where its log odds are positive, else the first.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        offset : array-like of shape (n_samples,), optional
            Added to the log odds.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        if offset is not None:
            return self.classes_.take((self._moved(X, offset) > 0.0).astype(np.intp))
        given, (design, coef, intercept, _) = X, self._model_on(X)
        return self.classes_.take(self._finite(given, outputs.labels(design, coef, intercept)))

    def log_loss(self, X, y, sample_weight=None, *, offset=None):
        """Mean log-loss of the model on rows with known labels, exact from linear predictors.

        A label that the model deems impossible costs its log odds, not the logarithm of a clipped probability.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Labels out of ``classes_``.
        sample_weight : array-like of shape (n_samples,), optional
            Non-negative, not all zero.
        offset : array-like of shape (n_samples,), optional
            Added to the log odds.

        Returns
        -------
        float
            sum_i s_i log(1 + exp(-t_i eta_i)) / sum_i s_i with t_i = +1 for the second class and -1 for the first.
        """
        if offset is not None:
            eta = self._moved(X, offset)
            return special.log_loss(self._encoded(y, len(eta)), eta, sample_weight)
        given, (design, coef, intercept, _) = X, self._model_on(X)
        y = self._encoded(y, design.shape[0])
        weight = None if sample_weight is None else _normalised(sample_weight, design.shape[0])
        return self._finite(given, outputs.mean_loss(design, coef, intercept, y, weight))

    def _predicted(self, X, output):
        return self._finite(X, output(*self._model_on(X)))

    def _moved(self, X, offset):
        """Linear predictors with the offset added, (n,)."""
        eta = self._predicted(X, outputs.linear_predictor)
        return eta + vector("offset", offset, len(eta)).astype(eta.dtype, copy=False)

    def _model_on(self, X):
        """The design over X, coefficients and intercept in float64, and the type in which scikit-learn answers."""
        if "coef_" not in vars(self):
            check_is_fitted(self)
        if not self._is_plain(X):
            X = validate_data(self, X, accept_sparse=_FORMATS, reset=False, ensure_all_finite=False)
        coef = self.coef_.toarray() if hasattr(self.coef_, "toarray") else self.coef_
        dtype = np.float32 if np.result_type(X.dtype, coef.dtype).itemsize <= 4 else np.float64
        if coef.shape != (1, X.shape[1]):
            raise ValueError(f"X has {X.shape[1]} features, but coef_ has shape {coef.shape}")
        entries = X.nnz if hasattr(X, "nnz") else X.size
        wanted = merge_n_jobs(self.n_threads, self.n_jobs)
        n_threads = resolve_threads(wanted) if entries >= 2 * ENTRIES_PER_THREAD else 1
        coef = np.ascontiguousarray(coef[0], dtype=np.float64)
        return as_design(X, n_threads), coef, float(np.ravel(self.intercept_)[0]), dtype

    def _is_plain(self, X):
        """Whether scikit-learn's checks of X could find no fault but NaN and infinity."""
        return (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.dtype in (np.float64, np.float32)
            and len(X) > 0
            and X.shape[1] == getattr(self, "n_features_in_", None)
            and not hasattr(self, "feature_names_in_")
        )

    def _finite(self, X, output):
        """The output; raises scikit-learn's ValueError if it betrays NaN or infinity in X."""
        value, finite = output
        if not finite:
            check_array(X, accept_sparse=_FORMATS, dtype=[np.float64, np.float32], estimator=self, input_name="X")
        return value

    def _encoded(self, y, n):
        """Labels as uint8: 1 for the second class, 0 for the first."""
        y = column_or_1d(y, warn=True)
        if len(y) != n:
            raise ValueError(f"y has {len(y)} labels, expected one for each of the {n} rows of X")
        second = y == self.classes_[1]
        known = second | (y == self.classes_[0])
        if not np.all(known):
            other = y[: np.argmin(known) + 1].tolist()[-1]
            raise ValueError(f"y holds the label {other!r}: expected those of the fit, {self.classes_.tolist()}")
        return second.view(np.uint8)


def _normalised(sample_weight, n):
    """Weights with sum one."""
    weight = _check_sample_weight(sample_weight, np.empty((n, 0)), dtype=np.float64, ensure_non_negative=True)
    largest = weight.max()
    if largest == 0.0:
        raise ValueError("sample_weight is zero in every row: expected a positive sum")
    weight = weight / largest  # the sum of very large weights would not be finite
    return weight / weight.sum()
