"""After a fit: whether its coefficients are determined, and what to change where it ended short of the optimum."""

from fastlr.diagnosis.classes import with_labels, with_separated_classes
from fastlr.diagnosis.findings import Collinear, Constant, Separation, with_names
from fastlr.diagnosis.report import diagnosed, made_sure_of_classes

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
