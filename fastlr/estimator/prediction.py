"""What a fitted estimator says of new rows: labels, scores, probabilities and losses, each in one pass over X.

Who answers is chosen once for each call: a predictor of two classes, of two classes with an offset, or of many.
"""

import numpy as np
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.utils.validation import check_is_fitted

from fastlr.estimator import prediction_arguments as arguments
from fastlr.estimator.many_class_predictor import ManyClasses
from fastlr.estimator.model_kind import kind_of
from fastlr.estimator.targets import without_objects
from fastlr.estimator.two_class_predictor import TwoClasses, TwoClassesWithOffset


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
        return self._predictor(offset).decision_function(X)

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
        return self._predictor(offset).predict_proba(X)

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
        return self._predictor(offset).predict_log_proba(X)

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
        if reject is None:
            return self._predictor(offset).predict(X)
        threshold = arguments.threshold(reject)
        return self._predictor(offset).predict_or_reject(X, threshold)

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
        return self._predictor().predict_top_k(X, k)

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
        return self._predictor(offset).log_loss(X, y, sample_weight)

    def _predictor(self, offset=None):
        """Who answers for as many classes as there are, with an offset of two."""
        if "coef_" not in vars(self):
            check_is_fitted(self, "coef_")
        if self.coef_.shape[0] == 1 and kind_of(self) != "multilabel":
            return TwoClasses(self) if offset is None else TwoClassesWithOffset(self, offset)
        if offset is not None:
            raise ValueError("offset: expected None, an offset moves the log odds of two classes only")
        return ManyClasses(self)
