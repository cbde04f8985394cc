"""Labels of which some are rejected: masked, and under the mask something that is no label."""

import numpy as np

#: What stands for a rejected label among labels that are strings or objects, with "_" added while a class is called so.
REJECTED = "rejected"


def masked(classes, index, probability, threshold):
    """Labels ``classes[index]`` as a masked array, masked where the probability is below the threshold, or NaN.

    The data under the mask, and the fill value, are no label: whoever drops the mask finds no label that was rejected.
    """
    classes, filler = with_filler(classes)
    rejected = ~(probability >= threshold)
    labels = classes.take(index)
    labels[rejected] = filler
    return np.ma.MaskedArray(labels, mask=rejected, fill_value=filler)


def with_filler(classes):
    """(classes of a type that holds the filler too, a value that is none of them).

    Of numbers that is one less than the smallest and than zero, -1 mostly; of dates one unit before the first; of
    anything else "rejected".  NaN and NaT are none: metrics leave such rows out instead of counting them as wrong.
    """
    kind = classes.dtype.kind
    if kind in "biu":
        filler = min(int(classes.min()), 0) - 1
        return classes.astype(_integers(classes, filler), copy=False), filler
    if kind == "f":
        lowest = min(float(classes.min()), 0.0)
        return classes, classes.dtype.type(lowest - 1.0 if lowest - 1.0 < lowest else -np.inf)
    if kind in "mM":
        return classes, classes.min() - 1
    filler = REJECTED
    while filler in classes.tolist():
        filler += "_"
    return classes.astype(np.result_type(classes.dtype, np.array(filler).dtype), copy=False), filler


def _integers(classes, filler):
    """The type for these classes, whole numbers or booleans, and the filler: theirs if that will do."""
    types = (np.dtype(np.int64),) if classes.dtype.kind in "bu" else (classes.dtype, np.dtype(np.int64))
    low, high = filler, int(classes.max())
    fitting = (t for t in types if np.iinfo(t).min <= low and high <= np.iinfo(t).max)
    return next(fitting, np.dtype(object))
