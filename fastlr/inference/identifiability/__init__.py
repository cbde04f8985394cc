"""After a fit: whether its coefficients are determined, and what to change where it ended short of the optimum."""

from fastlr.inference.identifiability.findings import Collinear, Constant, Separation, with_names
from fastlr.inference.identifiability.report import diagnosed
from fastlr.inference.identifiability.softmax_report import made_sure_of_classes
from fastlr.inference.identifiability.softmax_separation import with_labels, with_separated_classes

__all__ = [
    "Collinear",
    "Constant",
    "Separation",
    "diagnosed",
    "made_sure_of_classes",
    "with_labels",
    "with_names",
    "with_separated_classes",
]
