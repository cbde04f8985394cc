"""What a fitted model of two classes says of new rows: one row of coefficients, which belongs to the second class."""

import numpy as np

from fastlr import special
from fastlr.estimator import prediction_arguments as arguments
from fastlr.estimator.predictor import Predictor, entries
from fastlr.estimator.rejection import masked
from fastlr.fit.arguments import vector
from fastlr.matrix import as_matrix, predictions
from fastlr.validation.sample_weights import normalised


class TwoClasses(Predictor):
    """Answers of two classes, each in one pass over X; LinearPrediction's methods say what they are."""

    __slots__ = ()

    def decision_function(self, X):
        return self.finite(X, predictions.linear_predictor(*self._on(X)))

    def predict_proba(self, X):
        return self.finite(X, predictions.probabilities(*self._on(X)))

    def predict_log_proba(self, X):
        return self.finite(X, predictions.log_probabilities(*self._on(X)))

    def predict(self, X):
        *on, _ = self._on(X)
        return self.model.classes_.take(self.finite(X, predictions.labels(*on)))

    def predict_or_reject(self, X, threshold):
        """Labels, masked where the larger probability is below the threshold."""
        eta = self._log_odds(X)[0]
        return masked(self.model.classes_, (eta > 0.0).astype(np.intp), special.expit(np.abs(eta)), threshold)

    def predict_top_k(self, X, k):
        k = arguments.kept_classes(k, 2)
        eta, dtype = self._log_odds(X)
        order = np.stack([eta > 0.0, ~(eta > 0.0)], axis=1)[:, :k].astype(np.intp)
        likely = np.abs(eta)
        probability = special.expit(np.stack([likely, -likely], axis=1)[:, :k])
        return self.model.classes_.take(order), probability.astype(dtype, copy=False)

    def log_loss(self, X, y, sample_weight):
        matrix, coef, intercept, _ = self._on(X)
        n = matrix.shape[0]
        y, weight = self._encoded(y, n), normalised(sample_weight, n)
        return self.finite(X, predictions.mean_loss(matrix, coef, intercept, y, weight))

    def _log_odds(self, X):
        """Log odds of the second class, (n,) float64, and the type of the answer."""
        *on, dtype = self._on(X)
        return self.finite(X, predictions.linear_predictor(*on, np.float64)), dtype

    def _on(self, X):
        """The matrix over X, coefficients (p,) and intercept in float64, and the type in which scikit-learn answers."""
        X, coef, dtype = self.checked(X)
        if coef.shape != (1, X.shape[1]):
            raise ValueError(f"X has {X.shape[1]} features, but coef_ has shape {coef.shape}")
        matrix = as_matrix(X, self.threads(entries(X)))
        matrix, intercept = self.anchored(matrix, coef, np.ravel(self.model.intercept_)[:1])
        return matrix, np.ascontiguousarray(coef[0], dtype=np.float64), float(intercept[0]), dtype

    def _encoded(self, y, n):
        """Labels (n,) as uint8: 1 for the second class, 0 for the first."""
        y, classes = arguments.one_per_row(y, n), self.model.classes_
        second = y == classes[1]
        known = second | (y == classes[0])
        if not np.all(known):
            arguments.refuse_label(y[: np.argmin(known) + 1].tolist()[-1], classes)
        return second.view(np.uint8)


class TwoClassesWithOffset(TwoClasses):
    """The same answers with an offset (n,) added to the log odds, which are made first."""

    __slots__ = ("_offset",)

    def __init__(self, model, offset):
        super().__init__(model)
        self._offset = offset

    def decision_function(self, X):
        eta = super().decision_function(X)
        return eta + vector("offset", self._offset, len(eta)).astype(eta.dtype, copy=False)

    def predict_proba(self, X):
        eta = self.decision_function(X)
        return np.column_stack([special.expit(-eta), special.expit(eta)])

    def predict_log_proba(self, X):
        eta = self.decision_function(X)
        return -np.logaddexp(0.0, np.column_stack([eta, -eta]))

    def predict(self, X):
        return self.model.classes_.take((self.decision_function(X) > 0.0).astype(np.intp))

    def log_loss(self, X, y, sample_weight):
        eta = self.decision_function(X)
        return special.log_loss(self._encoded(y, len(eta)), eta, sample_weight)

    def _log_odds(self, X):
        eta = self.decision_function(X)
        return eta.astype(np.float64, copy=False), eta.dtype
