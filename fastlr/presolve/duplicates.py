"""Columns of X that are equal to others, of which an l1 penalty needs one."""

import numpy as np

#: Random numbers that equal columns have in common.
PROBES = 2


def first_of_equal(rows, strength):
    """Number, for each column, of the first column that is equal to it and has the same strength.

    Under l1 alone, of each coefficient or of the norm of a column's, what equal columns have between them costs the
    least on one of them: an optimum of the first ones, with zeros for the others, is one of all.  (With l2 it would
    cost least spread over all of them.)

    Parameters
    ----------
    rows : fastlr.matrix.ClassRows
    strength : ndarray of shape (p,)

    Returns
    -------
    ndarray of int, shape (p,)
    """
    n, p = rows.matrix.shape
    probes = np.random.default_rng(0).standard_normal((n, PROBES))
    # equal columns have equal sums: they are added in the same order
    Xds = np.column_stack([rows.matrix.adjoint_many(probes), strength])
    rows.counter.entries_read += rows.matrix.nnz
    _, group, sizes = np.unique(Xds, axis=0, return_inverse=True, return_counts=True)
    alike = np.flatnonzero(sizes[group] > 1)
    first = np.arange(p)
    if len(alike):
        columns = rows.gathered(alike)
        first[alike] = alike[_first_equal(columns, group[alike])]
    return first


def _first_equal(columns, group):
    """For each column the first one of its group if it is equal to that, else itself."""
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    leaders = np.repeat(order[starts], np.diff(starts, append=len(order)))
    leader = np.empty_like(leaders)
    leader[order] = leaders
    return np.where(columns.equal(leader), leader, np.arange(len(group)))
