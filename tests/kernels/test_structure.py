"""The structure of compressed arrays: what is irregular, counts, ranges and columns taken out."""

import numpy as np
import pytest
from support.kernel_cases import THREADS, CompressedCase, reference_splits
from support.layouts import as_layout
from support.problems import densify, random_compressed

UNSORTED, DUPLICATES, OUT_OF_RANGE = 1, 2, 4
FIVE = ((), (0,), (4,), (0, 1, 4), (0, 1, 2, 3, 4))


@pytest.mark.parametrize(
    "slices, flags",
    [
        (FIVE, 0),
        (((),), 0),
        (((1, 0),), UNSORTED),
        (((1, 1),), DUPLICATES),
        (((0, 3, 3, 2),), UNSORTED | DUPLICATES),
        (((1, 0, 1),), UNSORTED),
        (((5,),), OUT_OF_RANGE),
        (((-1,),), OUT_OF_RANGE),
        (((0, 1, 2**31 - 1),), OUT_OF_RANGE),
        (((-(2**31), 0),), OUT_OF_RANGE),
        (((3, -1),), UNSORTED | OUT_OF_RANGE),
        (((2, 5, 4),), UNSORTED | OUT_OF_RANGE),
        (((5, 5),), DUPLICATES | OUT_OF_RANGE),
        (((), (0, 1), (), (1, 0), ()), UNSORTED),
        (((0, 1), (2, 2), (1, 0), (7,)), UNSORTED | DUPLICATES | OUT_OF_RANGE),
        # an index of one slice may be below the last of the slice before
        (((3, 4), (0, 1), (1, 2)), 0),
        (((4,), (4,), (4,)), 0),
    ],
)
def test_structure_names_what_is_irregular(kernels, index, slices, flags):
    indptr = np.concatenate([[0], np.cumsum([len(part) for part in slices])]).astype(index)
    indices = np.array([i for part in slices for i in part], dtype=index)
    for n_threads in THREADS:
        assert kernels.structure.irregularities(indptr, indices, 5, n_threads) == flags


def test_structure_finds_one_bad_index_among_many_slices(kernels, index):
    indptr, indices, _ = random_compressed(500, 30, 0.3, index=index)
    assert [kernels.structure.irregularities(indptr, indices, 30, n_threads) for n_threads in THREADS] == [0, 0, 0]
    for where, bad in ((0, -1), (len(indices) // 2, 30), (len(indices) - 1, 10**6)):
        broken = indices.copy()
        broken[where] = bad
        for n_threads in THREADS:
            assert kernels.structure.irregularities(indptr, broken, 30, n_threads) & OUT_OF_RANGE


@pytest.mark.parametrize("bounds", [(), (0,), (7,), (20,), (3, 3, 9), (0, 20), (1, 2, 3, 4, 5)])
def test_split_finds_the_first_index_of_each_range(kernels, index, bounds):
    indptr, indices, _ = random_compressed(80, 20, 0.3, index=index)
    bounds = np.array(bounds, dtype=index)
    expected = reference_splits(indptr, indices, bounds)
    for n_threads in THREADS:
        splits = np.full(expected.shape, -1, dtype=index)
        kernels.structure.split(indptr, indices, bounds, splits, n_threads)
        np.testing.assert_array_equal(splits, expected)


def test_count_minor_adds_to_the_counts(kernels, index):
    _, indices, _ = random_compressed(80, 20, 0.3, index=index, form="duplicates")
    counts = np.ones(20, dtype=index)
    kernels.structure.count_minor(indices, counts)
    np.testing.assert_array_equal(counts, 1 + np.bincount(indices, minlength=20))


@pytest.mark.parametrize("columns", [(), (0,), (39,), (5, 2, 17), tuple(range(40))])
def test_gather_columns_moves_them_into_the_other_layout(kernels, dtype, index, columns):
    case = CompressedCase(120, 40, 0.2, dtype, index, "sorted")
    position = np.full(40, -1, dtype=np.intc)
    position[list(columns)] = np.arange(len(columns))
    wanted = case.exact[:, list(columns)]
    new_indptr = np.concatenate([[0], np.cumsum((wanted != 0).sum(axis=0))]).astype(index)
    for n_threads in THREADS:
        new_indices = np.full(new_indptr[-1], -1, dtype=index)
        new_data = np.full(new_indptr[-1], np.nan, dtype=dtype)
        next_entry = new_indptr[:-1].copy()
        kernels.structure.gather_columns(
            *case.arrays, case.splits(n_threads), position, next_entry, new_indices, new_data
        )
        np.testing.assert_array_equal(next_entry, new_indptr[1:])
        np.testing.assert_array_equal(densify(new_indptr, new_indices, new_data, 120).T, wanted)
        assert kernels.structure.irregularities(new_indptr, new_indices, 120, 1) == 0


@pytest.mark.parametrize("columns", [(), (0,), (39,), (2, 5, 17), tuple(range(40))])
def test_select_keeps_columns_in_their_layout(kernels, dtype, index, form, columns):
    case = CompressedCase(120, 40, 0.2, dtype, index, form)
    position = np.full(40, -1, dtype=np.intc)
    position[list(columns)] = np.arange(len(columns))
    kept = [position[indices] >= 0 for indices in np.split(case.arrays[1], case.arrays[0][1:-1])]
    new_indptr = np.concatenate([[0], np.cumsum([part.sum() for part in kept])]).astype(index)
    for n_threads in THREADS:
        counts = np.full(120, -1, dtype=index)
        kernels.structure.count_selected(*case.arrays[:2], position, counts, n_threads)
        np.testing.assert_array_equal(counts, np.diff(new_indptr))
        new_indices = np.full(new_indptr[-1], -1, dtype=index)
        new_data = np.full(new_indptr[-1], np.nan, dtype=dtype)
        kernels.structure.select(*case.arrays, position, new_indptr, new_indices, new_data, n_threads)
        np.testing.assert_array_equal(new_indices, position[case.arrays[1]][np.concatenate(kept)])
        np.testing.assert_array_equal(new_data, case.arrays[2][np.concatenate(kept)])


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_columns_are_renumbered_by_frequency(kernels, dtype, index, parts):
    rng = np.random.default_rng(1)
    wanted = np.array([0, 1, 300, 2, 1, 40, 254, 255, 256, 2, 0, 3])
    dense = np.zeros((320, len(wanted)))
    for j, count in enumerate(wanted):
        dense[rng.permutation(320)[:count], j] = rng.standard_normal(count)
    X = as_layout(dense, "csr", dtype, index)
    counts = np.zeros((parts, len(wanted)), dtype=np.uint8)
    number = np.empty(len(wanted), dtype=index)
    kernels.structure_renumber.count(X.indices, counts)
    last = kernels.structure_renumber.rank(counts, number)
    assert last == np.sum(wanted > 1)
    assert sorted(number[wanted > 1]) == list(range(last))
    assert (number[wanted <= 1] == last).all()
    capped = np.minimum(wanted, 255)
    in_order = capped[wanted > 1][np.argsort(number[wanted > 1])]
    assert list(in_order) == sorted(in_order, reverse=True)

    inverse = rng.random(len(wanted))
    renumbered = np.empty_like(X.indices)
    norms, own = np.empty((2, 320))
    kernels.structure_renumber.relabel(
        X.indptr, X.indices, X.data, number, last, inverse, renumbered, norms, own, parts
    )
    squares = dense.astype(dtype).astype(float) ** 2 * inverse
    np.testing.assert_array_equal(renumbered, number[X.indices])
    np.testing.assert_allclose(norms, squares.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(own, squares[:, wanted == 1].sum(axis=1), rtol=1e-12)
