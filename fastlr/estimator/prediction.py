"""What a fitted estimator says of new rows: labels, scores, probabilities and losses, each in one pass over X.

Two classes are answered here; more, and labels that do not exclude each other, by `ManyClasses`.
"""

import numpy as np
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.utils.validation import check_is_fitted

from fastlr import special
from fastlr._environment import resolve_threads
from fastlr.estimator import prediction_arguments as arguments
from fastlr.estimator.class_prediction import ManyClasses
from fastlr.estimator.model_kind import kind_of
from fastlr.estimator.rejection import masked
from fastlr.estimator.sklearn_parameters import merge_n_jobs
from fastlr.estimator.targets import without_objects
from fastlr.estimator.validation import validated_again
from fastlr.fit.arguments import vector
from fastlr.matrix import CentredRows, Converted, as_matrix, predictions
from fastlr.matrix.base import ENTRIES_PER_THREAD, worthwhile_threads
from fastlr.validation.numbers import normalised

_FORMATS = ["csr", "csc"]


class LinearPrediction(LinearClassifierMixin):
    """Prediction from ``coef_``, ``intercept_`` and ``classes_``.

    Two classes have one row of coefficients, which belongs to the second.  K classes have K rows, and
    ``multi_class_`` says how their linear predictors become probabilities; parameters set since the fit do not count:

    - "multinomial": exp(eta_k) / sum_j exp(eta_j), the softmax.
    - "ovr": sigma(eta_k) / sum_j sigma(eta_j) with the logistic function sigma.  Where every sigma underflows the limit
      of this ratio stands, the softmax; where every eta is minus infinity, 1 / K.
    - "multilabel": sigma(eta_k), the probability that a row has label k: the K labels do not exclude each other.

    X is checked as scikit-learn does, with its errors, but not scanned for NaN: a linear predictor that is not finite
    gives NaN and infinity away, and only then X is looked at.
    """

    @np.errstate(all="ignore")
    def decision_function(self, X, *, offset=None):
        """Linear predictors X coef + intercept: log odds of the second class, or one for each of K classes.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n_samples, n_features)
            As in `fit`.
        offset : array-like of shape (n_samples,), optional
            Added to the log odds; two classes only.

        Returns
        -------
        ndarray of shape (n_samples,), or (n_samples, K)
            float32 where both X and ``coef_`` are, else float64.
        """
        if (many := self._many_classes(offset)) is not None:
            return many.decision_function(X)
        if offset is not None:
            return self._moved(X, offset)
        return self._predicted(X, predictions.linear_predictor)

    @np.errstate(all="ignore")
    def predict_proba(self, X, *, offset=None):
        """Probabilities of the classes, in the order of ``classes_``.

        Small probabilities are as exact as large ones.  A row of which two linear predictors have overflowed to plus
        infinity has no softmax: NaN.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n_samples, n_features)
            As in `fit`.
        offset : array-like of shape (n_samples,), optional
            Added to the log odds; two classes only.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        if (many := self._many_classes(offset)) is not None:
            return many.predict_proba(X)
        if offset is not None:
            eta = self._moved(X, offset)
            return np.column_stack([special.expit(-eta), special.expit(eta)])
        return self._predicted(X, predictions.probabilities)

    @np.errstate(all="ignore")
    def predict_log_proba(self, X, *, offset=None):
        """Logarithms of the probabilities, computed from linear predictors: finite also where a probability underflows.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n_samples, n_features)
            As in `fit`.
        offset : array-like of shape (n_samples,), optional
            Added to the log odds; two classes only.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        if (many := self._many_classes(offset)) is not None:
            return many.predict_log_proba(X)
        if offset is not None:
            eta = self._moved(X, offset)
            return -np.logaddexp(0.0, np.column_stack([eta, -eta]))
        return self._predicted(X, predictions.log_probabilities)

    @np.errstate(all="ignore")
    def predict(self, X, *, offset=None, reject=None):
        """The most probable class: that of the largest linear predictor, ties to the first in ``classes_``.

        Of two classes that is the second where its log odds are positive.  With ``multi_class="multilabel"`` the labels
        whose linear predictor is positive.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n_samples, n_features)
            As in `fit`.
        offset : array-like of shape (n_samples,), optional
            Added to the log odds; two classes only.
        reject : float in [0, 1], optional
            Mask rows whose largest probability is below it.  With ``multi_class="ovr"`` that is the probability before
            it is normalised, so that rows show that no class claims.

        Returns
        -------
        ndarray of shape (n_samples,)
            With `reject` a `numpy.ma.MaskedArray`.  Where it is masked its data, and what ``filled()`` and
            ``numpy.asarray`` give, are no label: -1 for whole numbers (one less than the smallest label where one is
            negative; unsigned and boolean labels become int64), "rejected" for strings.  A metric that ignores the mask
            counts such a row as wrong.
        ndarray of shape (n_samples, K), int64
            With ``multi_class="multilabel"``: 1 where a row has the label, else 0.  A CSR array of the ones alone where
            the attribute ``sparse_labels_`` is True.

        Raises
        ------
        TypeError, ValueError
            If `reject` is no number in [0, 1], or given with ``multi_class="multilabel"``.
        """
        if reject is not None:
            return self._predict_or_reject(X, offset, arguments.threshold(reject))
        if (many := self._many_classes(offset)) is not None:
            return many.predict(X)
        if offset is not None:
            return self.classes_.take((self._moved(X, offset) > 0.0).astype(np.intp))
        given, (matrix, coef, intercept, _) = X, self._model_on(X)
        return self.classes_.take(self._finite(given, predictions.labels(matrix, coef, intercept)))

    def _predict_or_reject(self, X, offset, threshold):
        if (many := self._many_classes(offset)) is not None:
            return many.predict_or_reject(X, threshold)
        eta = self._log_odds(X)[0] if offset is None else self._moved(X, offset).astype(np.float64, copy=False)
        return masked(self.classes_, (eta > 0.0).astype(np.intp), special.expit(np.abs(eta)), threshold)

    @np.errstate(all="ignore")
    def predict_top_k(self, X, k):
        """The k most probable classes of each row, most probable first, ties to the earlier in ``classes_``.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n_samples, n_features)
            As in `fit`.
        k : int
            1 to the number of classes.

        Returns
        -------
        labels : ndarray of shape (n_samples, k)
            With ``multi_class="multilabel"`` positions in ``classes_``, int64.
        probabilities : ndarray of shape (n_samples, k)
            Those of `predict_proba`.

        Raises
        ------
        TypeError, ValueError
            If `k` is no integer in this range.
        """
        if (many := self._many_classes(None)) is not None:
            return many.predict_top_k(X, k)
        k = arguments.kept_classes(k, 2)
        eta, dtype = self._log_odds(X)
        order = np.stack([eta > 0.0, ~(eta > 0.0)], axis=1)[:, :k].astype(np.intp)
        likely = np.abs(eta)
        probability = special.expit(np.stack([likely, -likely], axis=1)[:, :k])
        return self.classes_.take(order), probability.astype(dtype, copy=False)

    def score(self, X, y, sample_weight=None):
        """Share of the rows whose predicted label is `y`; with ``multi_class="multilabel"`` all labels of a row count.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n_samples, n_features)
            As in `fit`.
        y : array-like of shape (n_samples,), or an indicator of shape (n_samples, K)
            Labels as in `fit`.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        float
        """
        labels = without_objects(np.asarray(y)) if np.ndim(y) == 1 else y
        return super().score(X, labels, sample_weight)

    @np.errstate(all="ignore")
    def log_loss(self, X, y, sample_weight=None, *, offset=None):
        """Mean log-loss of the model on rows with known labels, exact from linear predictors.

        A label that the model deems impossible costs its log odds, not the logarithm of a clipped probability.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n_samples, n_features)
            As in `fit`.
        y : array-like of shape (n_samples,)
            Labels out of ``classes_``.  With ``multi_class="multilabel"`` an indicator of shape (n_samples, K),
            dense, sparse or a data frame, its columns called as in the fit.
        sample_weight : array-like of shape (n_samples,) or float, optional
            Finite, not negative, not all zero; a number is the weight of every row.
        offset : array-like of shape (n_samples,), optional
            Added to the log odds; two classes only.

        Returns
        -------
        float
            sum_i s_i log(1 + exp(-t_i eta_i)) / sum_i s_i with t_i = +1 for the second class and -1 for the first.
            Of K classes the weighted mean of -log p_i,y_i; of labels that of the sum over the K log-losses of a row.
        """
        if (many := self._many_classes(offset)) is not None:
            return many.log_loss(X, y, sample_weight)
        if offset is not None:
            eta = self._moved(X, offset)
            return special.log_loss(self._encoded(y, len(eta)), eta, sample_weight)
        given, (matrix, coef, intercept, _) = X, self._model_on(X)
        y = self._encoded(y, matrix.shape[0])
        weight = normalised(sample_weight, matrix.shape[0])
        return self._finite(given, predictions.mean_loss(matrix, coef, intercept, y, weight))

    def _many_classes(self, offset):
        """Who answers for more than two classes; None for two."""
        if "coef_" not in vars(self):
            check_is_fitted(self, "coef_")
        if self.coef_.shape[0] == 1 and kind_of(self) != "multilabel":
            return None
        if offset is not None:
            raise ValueError("offset: expected None, an offset moves the log odds of two classes only")
        return ManyClasses(self)

    def _predicted(self, X, output):
        return self._finite(X, output(*self._model_on(X)))

    def _log_odds(self, X):
        """Log odds of the second class in float64, (n,), and the type of the answer."""
        *on, dtype = self._model_on(X)
        return self._finite(X, predictions.linear_predictor(*on, np.float64)), dtype

    def _moved(self, X, offset):
        """Linear predictors with the offset added, (n,)."""
        eta = self._predicted(X, predictions.linear_predictor)
        return eta + vector("offset", offset, len(eta)).astype(eta.dtype, copy=False)

    def _model_on(self, X):
        """The matrix over X, coefficients and intercept in float64, and the type in which scikit-learn answers."""
        X, coef, dtype = self._checked(X)
        if coef.shape != (1, X.shape[1]):
            raise ValueError(f"X has {X.shape[1]} features, but coef_ has shape {coef.shape}")
        n_threads = self._threads(_entries(X))
        matrix, intercept = self._anchored(as_matrix(X, n_threads), coef, np.ravel(self.intercept_)[:1])
        return matrix, np.ascontiguousarray(coef[0], dtype=np.float64), float(intercept[0]), dtype

    def _classes_on(self, X):
        """(the matrix over X, coefficients (K, p), intercepts (K,), threads), and the type of the answer."""
        X, coef, dtype = self._checked(X)
        K, intercept = len(coef), np.asarray(self.intercept_, dtype=np.float64)
        if intercept.shape == ():
            intercept = np.full(K, intercept)  # as whoever sets it by hand may write it
        if coef.shape != (K, X.shape[1]) or intercept.shape != (K,):
            found = f"coef_ has shape {coef.shape}, intercept_ {intercept.shape}"
            raise ValueError(f"X has {X.shape[1]} features, but {found}")
        if coef.dtype not in (np.float64, np.float32):
            coef = coef.astype(np.float64)
        products = K * _entries(X)
        n_threads = worthwhile_threads(products, self._threads(products))
        matrix, intercept = self._anchored(as_matrix(X, n_threads), coef, intercept)
        return (matrix, coef, intercept, n_threads), dtype

    def _anchored(self, matrix, coef, intercept):
        """The matrix, and intercepts (K,): about the centre that the fit had, if coefficients (K, p) ask for one."""
        anchor = vars(self).get("_anchor")
        if anchor is None:
            return matrix, intercept
        stored = np.result_type(np.asarray(self.intercept_).dtype, np.float32)
        values = anchor.values_of(coef, intercept, np.finfo(stored).eps)
        return (matrix, intercept) if values is None else (CentredRows(matrix, anchor.centre), values)

    def _checked(self, X):
        """X as scikit-learn checks it, coef_ as an array, and the type in which scikit-learn answers."""
        if not self._is_plain(X):
            X = validated_again(self, X, accept_sparse=_FORMATS, ensure_all_finite=False)
        coef = self.coef_.toarray() if hasattr(self.coef_, "toarray") else self.coef_
        return X, coef, np.float32 if np.result_type(X.dtype, coef.dtype).itemsize <= 4 else np.float64

    def _threads(self, products):
        """Threads for so many multiplications, at the most."""
        if products < 2 * ENTRIES_PER_THREAD:
            return 1
        return resolve_threads(merge_n_jobs(self.n_threads, self.n_jobs))

    def _is_plain(self, X):
        """Whether scikit-learn's checks of X could find no fault but NaN and infinity."""
        return (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.dtype in (np.float64, np.float32)
            and len(X) > 0
            and X.shape[1] == vars(self).get("n_features_in_")
            and "feature_names_in_" not in vars(self)
        )

    def _finite(self, X, output):
        """The output; raises ValueError with the place if it betrays NaN or infinity in X."""
        value, finite = output
        if not finite:
            names = getattr(self, "feature_names_in_", None)
            as_matrix(Converted(self._checked(X)[0], names, 0)).name_nonfinite()
        return value

    def _encoded(self, y, n):
        """Labels as uint8: 1 for the second class, 0 for the first."""
        y = arguments.one_per_row(y, n)
        second = y == self.classes_[1]
        known = second | (y == self.classes_[0])
        if not np.all(known):
            arguments.refuse_label(y[: np.argmin(known) + 1].tolist()[-1], self.classes_)
        return second.view(np.uint8)


def _entries(X):
    """Stored entries of X."""
    return X.nnz if hasattr(X, "nnz") else X.size
