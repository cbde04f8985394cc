"""fastlr.special over layouts, dtypes, threads and shapes; and what it refuses."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from support.problems import predictor_problem

from fastlr import special

LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, axis=0)[::2],
    "reversed": lambda a: a[::-1].copy()[::-1],
    "columns": lambda a: np.repeat(a, 3, axis=-1)[..., 1::3],
    "shifted": lambda a: np.concatenate([a[:1], a])[1:],
    "unaligned": lambda a: np.frombuffer(b"x" + a.tobytes(), a.dtype, offset=1).reshape(a.shape),
    "swapped": lambda a: a.astype(a.dtype.newbyteorder()),
}
DTYPES = ["f2", "f4", "f8", "g", "i1", "i8", "u4", "?"]


def readonly(array):
    array = array.view()
    array.flags.writeable = False
    return array


@settings(max_examples=60, deadline=None)
@given(
    n=st.sampled_from([1, 7, 64, 4096, 5000, 70_000]),
    layout=st.sampled_from(sorted(LAYOUTS)),
    dtype=st.sampled_from(DTYPES),
    threads=st.sampled_from([1, 2, 3, None, -1]),
    seed=st.integers(0, 100),
)
def test_two_class_functions_have_the_same_bits_for_any_layout_and_threads(n, layout, dtype, threads, seed):
    _, eta, weight, v = predictor_problem(n, seed=seed)
    y = np.arange(n) % 2
    eta = (10 * eta).clip(0 if dtype in ("u4", "?") else -100, 100).astype(dtype)
    plain = eta.astype(np.float64)
    laid = readonly(LAYOUTS[layout](eta))
    np.testing.assert_array_equal(laid, eta)
    single = dtype in ("f2", "f4")
    for function in special.expit, special.expit_derivative:
        found = function(laid, n_threads=threads)
        assert found.dtype == (np.float32 if single else np.float64)
        np.testing.assert_array_equal(found, function(plain, n_threads=1).astype(found.dtype))
    weight[0] = 0.5
    others = [LAYOUTS[layout](a) for a in (weight, v)]
    assert special.log_loss(y, laid, others[0], n_threads=threads) == special.log_loss(y, plain, weight, n_threads=1)
    found = special.log_loss_gradient(y, laid, others[0], n_threads=threads)
    np.testing.assert_array_equal(found, special.log_loss_gradient(y, plain, weight, n_threads=1).astype(found.dtype))
    found = special.log_loss_hessian_product(y, laid, others[1], n_threads=threads)
    expected = special.log_loss_hessian_product(y, plain, v, n_threads=1)
    np.testing.assert_array_equal(found, expected.astype(found.dtype))


@settings(max_examples=60, deadline=None)
@given(
    shape=st.sampled_from([(1, 1), (70, 2), (30_000, 3), (2000, 32), (900, 33), (3, 9000), (50, 1000)]),
    layout=st.sampled_from(sorted(LAYOUTS)),
    dtype=st.sampled_from(DTYPES),
    threads=st.sampled_from([1, 2, 3, None, -1]),
    soft=st.booleans(),
    seed=st.integers(0, 100),
)
def test_class_functions_have_the_same_bits_for_any_layout_and_threads(shape, layout, dtype, threads, soft, seed):
    n, K = shape
    shares, eta, weight, V = predictor_problem(n, K, seed)
    weight[0] = 0.5
    y = shares if soft else (np.arange(n) * 7) % K
    eta = (10 * eta).clip(0 if dtype in ("u4", "?") else -100, 100).astype(dtype)
    plain = eta.astype(np.float64)
    laid = readonly(LAYOUTS[layout](eta))
    y_laid, w_laid, V_laid = (readonly(LAYOUTS[layout](a)) for a in (y, weight, V))
    one, many = {"n_threads": 1}, {"n_threads": threads}
    assert special.cross_entropy(y_laid, laid, w_laid, **many) == special.cross_entropy(y, plain, weight, **one)
    for found, expected in [
        (special.softmax(laid, **many), special.softmax(plain, **one)),
        (
            special.cross_entropy_gradient(y_laid, laid, w_laid, **many),
            special.cross_entropy_gradient(y, plain, weight, **one),
        ),
        (
            special.cross_entropy_hessian_product(y_laid, laid, V_laid, w_laid, **many),
            special.cross_entropy_hessian_product(y, plain, V, weight, **one),
        ),
    ]:
        assert found.dtype == (np.float32 if dtype in ("f2", "f4") else np.float64)
        np.testing.assert_array_equal(found, expected.astype(found.dtype))


@settings(max_examples=200, deadline=None)
@given(
    eta=st.floats(allow_nan=False, width=64),
    y=st.sampled_from([0, 1]),
)
def test_properties_of_one_row(eta, y):
    p = special.expit(eta)
    assert 0 <= p <= 1
    assert special.log_loss(y, eta) == special.log_loss(1 - y, -eta) >= 0
    assert special.log_loss_gradient(y, eta) == -special.log_loss_gradient(1 - y, -eta)
    assert 0 <= special.expit_derivative(eta) <= 0.25 * (1 + 4 * np.finfo(float).eps)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), min_size=1, max_size=40))
def test_properties_of_a_softmax_row(row):
    p = special.softmax([row])[0]
    assert p.sum() == pytest.approx(1, rel=1e-14)
    order = np.argsort(row)
    assert (np.diff(p[order]) >= -1e-15).all()
    assert special.cross_entropy([int(np.argmax(row))], [row]) <= math.log(len(row)) * (1 + 1e-15)


def test_memory_order_and_shape_are_kept():
    eta = np.zeros((4, 3, 2))
    assert special.expit(np.asfortranarray(eta)).flags.f_contiguous
    assert special.expit(eta).flags.c_contiguous
    assert special.expit(eta.transpose(1, 0, 2)).shape == (3, 4, 2)
    assert special.expit(np.zeros((0, 5))).shape == (0, 5)
    assert special.expit([]).dtype == np.float64
    assert special.softmax(np.zeros((0, 3))).shape == (0, 3)
    assert special.expit(np.broadcast_to(1.0, (3, 4))).shape == (3, 4)


def test_scalars():
    assert special.expit(0) == 0.5
    assert isinstance(special.expit(0), np.float64)
    assert isinstance(special.expit(np.float32(0)), np.float32)
    assert type(special.log_loss(True, 0.0)) is float
    assert special.log_loss(-1, 2.0, 3) == special.log_loss(0, 2.0)
    assert special.log_loss_gradient(0, 0) == 0.5
    assert special.log_loss_hessian_product(0, 0, 4) == 1
    assert type(special.cross_entropy([0], [[1, 2]])) is float


def test_no_copy_of_a_large_array_is_made():
    tracemalloc = pytest.importorskip("tracemalloc")
    eta = np.zeros((40, 50_000), dtype=">f4").T
    y = np.zeros(len(eta), dtype=np.int8)
    calls = [
        (lambda: special.softmax(eta, n_threads=1), 4 * eta.size),
        (lambda: special.cross_entropy(y, eta, n_threads=1), 8 * len(y)),
        (lambda: special.expit(eta, n_threads=1), 4 * eta.size),
        (lambda: special.log_loss(y, eta[:, 0], n_threads=1), 0),
    ]
    for call, output in calls:
        tracemalloc.start()
        call()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < output + 6e6


# Bad input

TYPE, VALUE = TypeError, ValueError
BAD = [
    (lambda: special.expit("1"), TYPE, "eta: expected real numbers.*found dtype <U1 from a str"),
    (lambda: special.expit([1j]), TYPE, "eta.*complex128"),
    (lambda: special.expit([None]), TYPE, "eta.*object"),
    (lambda: special.expit([[1], [1, 2]]), TYPE, "eta.*list that makes no array"),
    (lambda: special.expit(np.array(["2020"], "M8[Y]")), TYPE, "eta.*datetime64"),
    (lambda: special.expit(0, n_threads=0), VALUE, "n_threads=0: expected a positive integer"),
    (lambda: special.expit(0, n_threads=1.5), TYPE, "n_threads=1.5: expected an integer or None"),
    (lambda: special.log_loss(["a"], [1]), TYPE, "y: .*<U1"),
    (lambda: special.log_loss([1], [1], ["a"]), TYPE, "sample_weight: .*<U1"),
    (lambda: special.log_loss([1], [1], [1j]), TYPE, "sample_weight: .*complex"),
    (lambda: special.log_loss_hessian_product([1], [1], [1j]), TYPE, "v: .*complex"),
    (lambda: special.cross_entropy_hessian_product([0], [[1]], [[1j]]), TYPE, "V: .*complex"),
    (lambda: special.log_loss([], []), VALUE, r"eta: expected at least one row, found shape \(0,\)"),
    (lambda: special.log_loss_gradient([], []), VALUE, "eta: expected at least one row"),
    (lambda: special.log_loss([1], [1, 2]), VALUE, r"y: expected shape \(2,\).*found \(1,\)"),
    (lambda: special.log_loss(1, [1, 2]), VALUE, r"y: expected shape \(2,\).*found \(\)"),
    (lambda: special.log_loss([[1]], [[1]]), VALUE, r"eta: expected shape \(n,\).*found \(1, 1\)"),
    (lambda: special.log_loss([1], [1], [1, 2]), VALUE, r"sample_weight: expected shape \(1,\).*found \(2,\)"),
    (lambda: special.log_loss_hessian_product([1], [1], [1, 2]), VALUE, r"v: expected shape \(1,\).*found \(2,\)"),
    (lambda: special.log_loss([0, 2], [1, 1]), VALUE, r"y: expected values in \[0, 1\].*found 2 at 1"),
    (lambda: special.log_loss([0, math.nan], [1, 1]), VALUE, "y: .*found nan at 1"),
    (lambda: special.log_loss([-1, math.nan], [1, 1]), VALUE, "y: .*found nan at 1"),
    (lambda: special.log_loss([1, -1, 0.5], [1, 1, 1]), VALUE, r"y: expected only -1 and \+1.*found 0.5 at 2"),
    (lambda: special.log_loss([-1, 0], [1, 1]), VALUE, "y: .*found 0 at 1"),
    (lambda: special.log_loss([-0.1], [1]), VALUE, "y: .*found -0.1 at 0"),
    (lambda: special.log_loss([-math.inf], [1]), VALUE, "y: .*found -inf at 0"),
    (lambda: special.log_loss([math.inf], [1]), VALUE, "y: .*found inf at 0"),
    (lambda: special.log_loss([0] * 70000 + [3], [0] * 70001), VALUE, "y: .*found 3 at 70000"),
    (lambda: special.log_loss_gradient([3], [1]), VALUE, "y: .*found 3 at 0"),
    (lambda: special.log_loss_hessian_product([3], [1], [1]), VALUE, "y: .*found 3 at 0"),
    (lambda: special.log_loss([0, 1], [1, 1], [1, -1e-300]), VALUE, "sample_weight: .*found -1e-300 at 1"),
    (lambda: special.log_loss([0, 1], [1, 1], [1, math.nan]), VALUE, "sample_weight: .*found nan at 1"),
    (lambda: special.log_loss([0, 1], [1, 1], [1, math.inf]), VALUE, "sample_weight: .*found inf at 1"),
    (lambda: special.log_loss([0, 1], [1, 1], [0, 0]), VALUE, "sample_weight: .*only zeros"),
    (lambda: special.log_loss_gradient([0, 1], [1, 1], [0, 0]), VALUE, "sample_weight: .*only zeros"),
    (lambda: special.log_loss_gradient([0, 1], [1, 1], [-1, 0]), VALUE, "sample_weight: .*found -1 at 0"),
    (lambda: special.softmax([1, 2]), VALUE, r"eta: expected shape \(n, K\).*found \(2,\)"),
    (lambda: special.softmax(np.zeros((2, 0))), VALUE, r"eta: .*found \(2, 0\)"),
    (lambda: special.cross_entropy([], np.zeros((0, 3))), TYPE, "y: expected integers.*float64"),
    (lambda: special.cross_entropy(np.zeros(0, int), np.zeros((0, 3))), VALUE, "eta: expected at least one row"),
    (lambda: special.cross_entropy(np.zeros((0, 3)), np.zeros((0, 3))), VALUE, "at least one row"),
    (lambda: special.cross_entropy([0.0], [[1, 2]]), TYPE, "y: expected integers.*found float64"),
    (lambda: special.cross_entropy([2], [[1, 2]]), VALUE, r"y: expected labels in 0\.\.1.*found 2"),
    (lambda: special.cross_entropy([-1], [[1, 2]]), VALUE, "y: .*found -1"),
    (lambda: special.cross_entropy(np.array([2**63], np.uint64), [[1, 2]]), VALUE, "y: .*found 9223372036854775808"),
    (lambda: special.cross_entropy([0, 1], [[1, 2]]), VALUE, r"y: expected shape \(1,\) or \(1, 2\).*found \(2,\)"),
    (lambda: special.cross_entropy([[1]], [[1, 2]]), VALUE, r"y: expected shape \(1, 2\).*found \(1, 1\)"),
    (lambda: special.cross_entropy([[0.5, 0.6]], [[1, 2]]), VALUE, "y: expected shares that add up to 1.*at 0"),
    (lambda: special.cross_entropy([[1 + 1e-9, -1e-9]], [[1, 2]]), VALUE, r"y: expected shares in \[0, 1\].*\(0, 0\)"),
    (lambda: special.cross_entropy([[1, -1e-300]], [[1, 2]]), VALUE, r"y: .*found -1e-300 at \(0, 1\)"),
    (lambda: special.cross_entropy_gradient([[0, math.nan]], [[1, 2]]), VALUE, r"y: .*found nan at \(0, 1\)"),
    (lambda: special.cross_entropy_hessian_product([[0, 0]], [[1, 2]], [[1, 2]]), VALUE, "add up to 1"),
    (lambda: special.cross_entropy_hessian_product([0], [[1, 2]], [[1]]), VALUE, r"V: expected shape \(1, 2\)"),
    (lambda: special.cross_entropy([0], [[1, 2]], [-1]), VALUE, "sample_weight: .*found -1 at 0"),
    (lambda: special.cross_entropy_gradient([0], [[1, 2]], [0]), VALUE, "sample_weight: .*only zeros"),
]


@pytest.mark.parametrize("call, error, message", BAD)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
