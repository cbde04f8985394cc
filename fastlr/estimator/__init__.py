"""The scikit-learn face: data in scikit-learn's terms, parameters, predictions."""
