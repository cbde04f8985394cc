"""What `LogisticResult.findings` are: reasons why coefficients are not determined."""

from fastlr.inference.identifiability.findings import Collinear, Constant, Separation

__all__ = ["Collinear", "Constant", "Separation"]
