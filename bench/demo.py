"""The main job on real data, beside scikit-learn."""

from sklearn.datasets import load_breast_cancer

import fastlr

X, y = load_breast_cancer(return_X_y=True)
print(fastlr.fit_logistic(X, y, l2=1e-3))
