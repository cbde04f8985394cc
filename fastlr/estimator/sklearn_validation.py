"""X and y as scikit-learn's `validate_data` checks them, with errors that say where the fault is."""

import textwrap

from sklearn.utils.validation import validate_data

from fastlr.matrix import Converted
from fastlr.validation.cells import fault
from fastlr.validation.containers import as_array, copied_bytes, holds_times, refuse

#: y of predictions: there is none.
NO_Y = "no_validation"
#: Characters of another library's error that a message repeats.
LONGEST = 120


def validated(model, X, y=NO_Y, **options):
    """What scikit-learn makes of X, or of (X, y).

    Raises
    ------
    TypeError
        If X or y is no data in memory, or X holds dates, times or durations, which scikit-learn would count in units
        of their own.
    TypeError, ValueError
        scikit-learn's; where entries of X are at fault, with the row, the column and its name.
    """
    refuse("X", X)
    if y is not None and y is not NO_Y:
        refuse("y", y)
    if holds_times(X) and (told := fault(X)) is not None:
        raise told
    try:
        return validate_data(model, X, y, **options)
    except (TypeError, ValueError, RuntimeError) as error:
        if str(error).startswith("The feature names should match"):
            raise
        if (told := _clearer(error, X, y)) is None:
            raise
        raise told from error


def validated_again(model, X, **options):
    """What scikit-learn makes of X for a model that has seen such rows in its fit; raises as `validated` does.

    Objects have numbers in them: of some data frames scikit-learn lets text pass.
    """
    checked = validated(model, X, reset=False, **options)
    if checked.dtype.kind == "O" and (told := fault(X)) is not None:
        raise told
    return checked


def _clearer(error, X, y):
    """The error that says which entry of X is at fault, or that X makes no array; None where the first one will do."""
    told = fault(X)
    if isinstance(told, ValueError):
        return told
    if told is not None:
        return (ValueError if isinstance(error, ValueError) else TypeError)(f"{told} ({_shortened(error)})")
    if isinstance(error, ValueError):
        return None
    given = {"X": X} if y is None or y is NO_Y else {"X": X, "y": y}
    return next(filter(None, map(_no_array, given, given.values())), None)


def _no_array(name, given):
    """The error for what makes no array, None where it does."""
    try:
        as_array(name, given)
    except (TypeError, ValueError) as error:
        return error
    return None


def _shortened(error):
    """The first line of an error, which may quote a whole text."""
    return textwrap.shorten(str(error).partition("\n")[0], LONGEST, placeholder=" ...")


def converted(model, given, X):
    """X, made of `given` by scikit-learn, for the entries of fastlr, which count what was copied and name columns."""
    names, copied = vars(model).get("feature_names_in_"), copied_bytes(given, X)
    return X if names is None and not copied else Converted(X, names, copied)
