"""Arguments that are numbers: scalars of any type, arrays of them.  One check and one wording for all entries."""

import math
import numbers
from decimal import Decimal

import numpy as np

from fastlr.validation.containers import refuse_masked

#: Entries that are looked through at a time.
BUFFER = 2**16
_LARGEST = np.finfo(np.float64).max


# Scalars


def unwrapped(value):
    """What an array without dimensions holds; anything else as it is."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def plain(value):
    """A number as Python's int or float; anything else, booleans included, as it is.

    Numbers are those of Python and NumPy of any width, arrays of one without dimensions, fractions and decimals.
    """
    if type(value) in (float, int):
        return value
    value = unwrapped(value)
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, (numbers.Real, Decimal)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:  # a fraction
            return math.inf if value > 0 else -math.inf
    return value


def number(name, value, low=0, high=math.inf, *, none=False):
    """A number from low to high as a float; None where that is allowed."""
    if type(value) is float and low <= value <= high:
        return value
    if value is None and none:
        return None
    found = plain(value)
    if type(found) not in (float, int):
        raise TypeError(f"{name}={value!r}: expected {_real(low, high, none)}")
    if not low <= found <= high:
        raise ValueError(f"{name}={value!r}: expected {_real(low, high, none)}")
    return _float(name, found)


def integer(name, value, low, high=math.inf, *, none=False):
    """A whole number from low to high as an int; None where that is allowed."""
    if type(value) is int and low <= value <= high:
        return value
    if value is None and none:
        return None
    found = plain(value)
    if type(found) is not int:
        raise TypeError(f"{name}={value!r}: expected {_whole(low, high, none)}")
    if not low <= found <= high:
        raise ValueError(f"{name}={value!r}: expected {_whole(low, high, none)}")
    return found


def _real(low, high, none):
    limits = f">= {low}" if high == math.inf else f"in [{low}, {high}]"
    return f"a number {limits}{' or None' if none else ''}"


def _whole(low, high, none):
    limits = f">= {low}" if high == math.inf else f"from {low} to {high}"
    return f"an integer {limits}{' or None' if none else ''}"


def _float(name, value):
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name}={value!r}: expected a number that double precision can hold") from None


def switch(name, value):
    """True or False."""
    found = unwrapped(value)
    if not isinstance(found, (bool, np.bool_)):
        raise TypeError(f"{name}={value!r}: expected True or False")
    return bool(found)


def threads(name, value):
    """A number of threads: an int other than zero, or None."""
    if value is None:
        return None
    found = plain(value)
    if type(found) is not int:
        raise TypeError(f"{name}={value!r}: expected an integer or None")
    if found == 0:
        raise ValueError(f"{name}=0: expected a positive integer, -1 for all CPUs, or None")
    return found


# Arrays


def real_array(name, given):
    """The argument as an array of real numbers, not copied if it is one; numbers among objects become float64."""
    refuse_masked(name, given)
    expected = f"{name}: expected real numbers (bool, integer or floating)"
    try:
        array = np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{expected}, found a {type(given).__name__} that makes no array: {error}") from None
    if array.dtype.kind == "O":
        if any(value is None for value in array.flat):
            raise TypeError(f"{expected}, found dtype object: None is no number")
        try:
            return from_objects(array)
        except OverflowError as error:
            raise ValueError(f"{expected} that double precision can hold: {error}") from None
        except (TypeError, ValueError) as error:
            raise TypeError(f"{expected}, found dtype object: {error}") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{expected}, found dtype {array.dtype} from a {type(given).__name__}")
    return array


def from_objects(array):
    """Numbers among objects as float64, None as NaN; text that looks like numbers is none, for NumPy it is.

    Raises
    ------
    TypeError, ValueError, OverflowError
        That do not name the argument.
    """
    for value in array.flat:
        if isinstance(value, (str, bytes)):
            raise TypeError(f"{value!r} is text")
    return array.astype(np.float64)


def amounts(name, given):
    """Numbers, no booleans, as float64: one of them without a dimension, or an array."""
    array = real_array(name, given)
    if array.dtype.kind == "b":
        raise TypeError(f"{name}: expected numbers, found {array if array.ndim else bool(array)!r}")
    return array.astype(np.float64, copy=False)


def first_wrong(array, wrong):
    """Value and index of the first entry for which wrong(piece) holds, in words; looked for piece by piece."""
    for begin in range(0, len(array), BUFFER):
        hits = np.argwhere(wrong(array[begin : begin + BUFFER]))
        if len(hits):
            at = (begin + int(hits[0][0]), *map(int, hits[0][1:]))
            return f"{array[at]} at {at[0] if len(at) == 1 else at}"
    raise AssertionError("no entry is wrong")
