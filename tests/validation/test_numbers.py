"""Arguments that are numbers, of any type and size, and weights of rows: every entry takes and refuses the same."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from support.problems import class_problem, label_problem, make_problem

from fastlr import LogisticRegression, fit_logistic, fit_one_vs_rest, fit_softmax, imbalance, special

N, P = 120, 3
X, Y = make_problem(N, P)
Y = Y.astype(int)
CLASSES = class_problem(N, P, 3)
LABELS = label_problem(X, 3)

#: Types that hold 2 exactly.
WIDTHS = [np.float16, np.float32, np.float64, np.longdouble, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.int64]
WIDTHS += [np.uint64, Fraction, Decimal, np.array, lambda value: np.array(value, np.float16)]


#: Arguments that take 2, by entry.
REALS = {
    "estimator C": lambda v: LogisticRegression(C=v).fit(X, Y).coef_,
    "softmax of the estimator: C": lambda v: LogisticRegression(C=v).fit(*CLASSES).coef_,
    "ovr of the estimator: C": lambda v: LogisticRegression(C=v, multi_class="ovr").fit(*CLASSES).coef_,
    "multilabel of the estimator: C": lambda v: LogisticRegression(C=v, multi_class="multilabel").fit(X, LABELS).coef_,
    "partial_fit of the estimator: C": lambda v: LogisticRegression(C=v).partial_fit(X, Y, [0, 1]).coef_,
    "estimator tol": lambda v: LogisticRegression(tol=v).fit(X, Y).coef_,
    "estimator time_limit": lambda v: LogisticRegression(time_limit=v).fit(X, Y).coef_,
    "estimator penalty_factor": lambda v: LogisticRegression(penalty_factor={1: v}).fit(X, Y).coef_,
    "estimator class_weight": lambda v: LogisticRegression(class_weight={1: v}).fit(X, Y).coef_,
    "estimator sample_weight": lambda v: LogisticRegression().fit(X, Y, sample_weight=v).coef_,
    "partial_fit sample_weight": lambda v: LogisticRegression().partial_fit(X, Y, [0, 1], sample_weight=v).coef_,
    "estimator trials": lambda v: LogisticRegression().fit(X, Y, trials=v).coef_,
    "log_loss sample_weight": lambda v: LogisticRegression().fit(X, Y).log_loss(X, Y, sample_weight=v),
    "function l1": lambda v: fit_logistic(X, Y, l1=v).coef,
    "function l2": lambda v: fit_logistic(X, Y, l2=v).coef,
    "function tol": lambda v: fit_logistic(X, Y, l2=0.1, tol=v).coef,
    "function time_limit": lambda v: fit_logistic(X, Y, l2=0.1, time_limit=v).coef,
    "function bounds": lambda v: fit_logistic(X, Y, l2=0.1, bounds=(v, None)).coef,
    "function bounds of one": lambda v: fit_logistic(X, Y, l2=0.1, bounds={1: (v, None)}).coef,
    "function trials": lambda v: fit_logistic(X, Y, l2=0.1, trials=v).coef,
    "function sample_weight": lambda v: fit_logistic(X, Y, l2=0.1, sample_weight=v).coef,
    "softmax l2": lambda v: fit_softmax(*CLASSES, l2=v).coef,
    "softmax sample_weight": lambda v: fit_softmax(*CLASSES, l2=0.1, sample_weight=v).coef,
    "one_vs_rest l2": lambda v: fit_one_vs_rest(*CLASSES, l2=v)[0].coef,
    "one_vs_rest sample_weight": lambda v: fit_one_vs_rest(*CLASSES, l2=0.1, sample_weight=v)[0].coef,
    "special sample_weight": lambda v: special.log_loss(Y, X[:, 0], sample_weight=v),
    "cross_entropy sample_weight": lambda v: special.cross_entropy(CLASSES[1], X, sample_weight=v),
    "balanced_weights": lambda v: imbalance.balanced_weights(Y, v),
    "cost_threshold": lambda v: imbalance.cost_threshold(v, 1),
    "corrected_intercept": lambda v: imbalance.corrected_intercept(v, 0.5, 0.1),
}
#: The same for whole numbers.
WHOLE = {
    "estimator max_iter": lambda v: LogisticRegression(max_iter=v, tol=0.1).fit(X, Y).coef_,
    "estimator n_threads": lambda v: LogisticRegression(n_threads=v).fit(X, Y).predict_proba(X),
    "estimator n_jobs": lambda v: LogisticRegression(n_jobs=v).fit(X, Y).predict_proba(X),
    "predict_top_k": lambda v: LogisticRegression().fit(*CLASSES).predict_top_k(X, v)[0],
    "function max_iter": lambda v: fit_logistic(X, Y, l2=0.1, max_iter=v).coef,
    "function n_threads": lambda v: fit_logistic(X, Y, l2=0.1, n_threads=v).coef,
    "softmax n_classes": lambda v: fit_softmax(X, Y, v, l2=0.1).coef,
    "one_vs_rest n_classes": lambda v: fit_one_vs_rest(X, Y, v, l2=0.1)[0].coef,
    "special n_threads": lambda v: special.expit(X, n_threads=v),
}
#: And for shares of one half.
SHARES = {
    "estimator l1_ratio": lambda v: LogisticRegression(l1_ratio=v).fit(X, Y).coef_,
    "reject": lambda v: LogisticRegression().fit(X, Y).predict(X, reject=v),
    "sampled_share": lambda v: imbalance.corrected_intercept(1.0, v, 0.25),
    "prior_corrected": lambda v: imbalance.prior_corrected(LogisticRegression().fit(X, Y), v, {1: 0.25}).intercept_,
}
ENTRIES = REALS | WHOLE | SHARES


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("entry", REALS)
def test_a_number_may_have_any_type(entry, width):
    np.testing.assert_array_equal(REALS[entry](width(2)), REALS[entry](2.0))


@pytest.mark.filterwarnings("ignore:.*did not converge")
@pytest.mark.parametrize("width", [np.int8, np.uint8, np.int16, np.uint64, np.int64, np.array])
@pytest.mark.parametrize("entry", WHOLE)
def test_a_whole_number_may_have_any_type(entry, width):
    np.testing.assert_array_equal(WHOLE[entry](width(2)), WHOLE[entry](2))


@pytest.mark.parametrize("width", [np.float16, np.float32, np.longdouble, Fraction, Decimal, np.array])
@pytest.mark.parametrize("entry", SHARES)
def test_a_share_may_have_any_type(entry, width):
    np.testing.assert_array_equal(SHARES[entry](width(0.5)), SHARES[entry](0.5))


@pytest.mark.parametrize(
    "value", [True, np.True_, np.array(True), "2", np.str_("2"), 2j, np.complex64(2), {2: 2}, object()]
)
@pytest.mark.parametrize("entry", ENTRIES)
def test_what_is_no_number_is_refused(entry, value):
    with pytest.raises((TypeError, ValueError), match=entry.split()[-1] if " " in entry else "."):
        ENTRIES[entry](value)


@pytest.mark.parametrize("value", [np.float32(2.5), 2.0, Fraction(5, 2), np.array(2.0)])
@pytest.mark.parametrize("entry", WHOLE)
def test_what_is_no_whole_number_is_refused(entry, value):
    with pytest.raises((TypeError, ValueError)):
        WHOLE[entry](value)


@pytest.mark.parametrize("value", [np.int16(200), np.uint16(1000), np.float16(1000), np.int8(1), np.int32(10**5)])
def test_products_of_small_types_do_not_wrap_around(value):
    weight = np.full(N, 400.0)
    expected = LogisticRegression(C=float(value)).fit(X, Y, weight)
    np.testing.assert_array_equal(LogisticRegression(C=value).fit(X, Y, weight).coef_, expected.coef_)
    streams = [LogisticRegression(C=C).partial_fit(X, Y, [0, 1], weight).coef_ for C in (value, float(value))]
    np.testing.assert_array_equal(*streams)


def test_the_largest_whole_number_of_a_small_type_is_a_limit():
    LogisticRegression(max_iter=np.int8(127)).set_callbacks().fit(X, Y)
    assert fit_logistic(X, Y, l2=0.1, max_iter=np.int8(127)).converged


# --- size -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("C", [1e-320, 5e-324, np.float64(1e-315), Fraction(1, 10**315), 10**400])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("mode", ["multinomial", "ovr"])
def test_a_size_beyond_double_precision_names_the_argument_that_was_given(C, method, mode):
    for X, y in ((globals()["X"], Y), CLASSES):
        more = {"classes": np.unique(y)} if method == "partial_fit" else {}
        with pytest.raises(ValueError, match=r"^C=|'C' parameter"):
            getattr(LogisticRegression(C=C, multi_class=mode), method)(X, y, **more)


def test_weights_and_factors_beyond_double_precision_are_named():
    with pytest.raises(ValueError, match=r"^C=1.0: the penalty 1 / \(C S\) with S = .*e-32"):
        LogisticRegression(C=1.0).fit(X, Y, np.full(N, 5e-324))
    with pytest.raises(ValueError, match=r"^penalty_factor holds 1e\+308"):
        LogisticRegression(C=1e-5, penalty_factor=[1.0, 1e308, 0.0]).fit(X, Y)
    with pytest.raises(ValueError, match=r"^sample_weight times trials is infinite"):
        fit_logistic(X, Y * 1.0, l2=0.1, trials=1e200, sample_weight=np.full(N, 1e200))


@pytest.mark.parametrize("value", [10**400, -(10**400), np.longdouble("1e400"), Decimal("1e400"), np.nan, -1.0])
@pytest.mark.parametrize("name", ["l1", "l2"])
def test_a_strength_that_no_float_holds_is_named(name, value):
    with pytest.raises((ValueError, TypeError), match=f"^{name}[=: ]"):
        fit_logistic(X, Y, **{name: value})


@pytest.mark.parametrize("name", ["tol", "time_limit"])
def test_infinity_is_a_limit_for_every_entry(name):
    LogisticRegression(**{name: np.inf}).fit(X, Y)
    LogisticRegression(**{name: np.float32(np.inf)}).fit(*CLASSES)
    fit_logistic(X, Y, l2=0.1, **{name: np.inf})
    for call in (lambda v: LogisticRegression(**{name: v}).fit(X, Y), lambda v: fit_logistic(X, Y, **{name: v})):
        for value in (-np.inf, np.nan, np.float16(np.nan), 10**400 * -1):
            with pytest.raises(ValueError, match=name):
                call(value)


@pytest.mark.parametrize("name", ["n_jobs", "n_threads"])
def test_no_threads_at_all_are_named_as_given(name):
    for mode in ("multinomial", "ovr"):
        with pytest.raises(ValueError, match=f"^{name}=0"):
            LogisticRegression(**{name: 0}, multi_class=mode).fit(*CLASSES)
    big = np.ones((2000, 60))
    model = LogisticRegression().fit(big + np.arange(2000)[:, None] % 2, np.arange(2000) % 2)
    with pytest.raises(ValueError, match=f"^{name}=0"):
        model.set_params(**{name: 0}).predict(big)


# --- weights of rows --------------------------------------------------------------------------------------------------

#: Entries that take weights of N rows, and the ones among them that need a positive sum.
WEIGHTED = {name: call for name, call in ENTRIES.items() if name.endswith("sample_weight") or "weight" in name}
del WEIGHTED["estimator class_weight"]
WEIGHTED["fit with trials"] = lambda v: LogisticRegression().fit(X, Y, trials=1, sample_weight=v)
WEIGHTED["fit of classes"] = lambda v: LogisticRegression().fit(*CLASSES, sample_weight=v)
WEIGHTED["ovr"] = lambda v: LogisticRegression(multi_class="ovr").fit(*CLASSES, sample_weight=v)
WEIGHTED["multilabel"] = lambda v: LogisticRegression(multi_class="multilabel").fit(X, LABELS, sample_weight=v)
WEIGHTED["log_loss with an offset"] = lambda v: (
    LogisticRegression().fit(X, Y).log_loss(X, Y, sample_weight=v, offset=np.zeros(N))
)
WEIGHTED["log_loss of classes"] = lambda v: LogisticRegression().fit(*CLASSES).log_loss(*CLASSES, sample_weight=v)
WEIGHTED["gradient"] = lambda v: special.log_loss_gradient(Y, X[:, 0], sample_weight=v)
WEIGHTED["gradient of classes"] = lambda v: special.cross_entropy_gradient(CLASSES[1], X, sample_weight=v)


def with_one(value):
    return np.where(np.arange(N) == 7, value, 1.0)


WRONG_WEIGHTS = {
    "negative": (with_one(-1.0), r"expected finite numbers >= 0, found -1\.0 at 7$"),
    "NaN": (with_one(np.nan), "expected finite numbers >= 0, found nan at 7$"),
    "infinite": (with_one(np.inf), "expected finite numbers >= 0, found inf at 7$"),
    "too few": (np.ones(5), r"expected shape \(120,\), a weight for each row, found \(5,\)$"),
    "a column": (np.ones((N, 1)), r"expected shape \(120,\), a weight for each row, found \(120, 1\)$"),
    "text": (np.full(N, "1"), r"expected real numbers .*, found dtype <U1 from a ndarray$"),
    "text among objects": (
        np.full(N, "1", object),
        r"expected real numbers .*, found dtype object: '1' is text$",
    ),
    "nothing among objects": ([None] * N, r"expected real numbers .*, found dtype object: None is no number$"),
    "complex": (np.full(N, 1j), r"expected real numbers .*, found dtype complex128 from a ndarray$"),
    "a negative number": (-1.0, r"expected finite numbers >= 0, found -1\.0 at 0$"),
}


@pytest.mark.parametrize("kind", WRONG_WEIGHTS)
@pytest.mark.parametrize("entry", WEIGHTED)
def test_wrong_weights_are_told_in_the_same_words(entry, kind):
    weight, words = WRONG_WEIGHTS[kind]
    with pytest.raises((TypeError, ValueError), match=f"^sample_weight: {words}"):
        WEIGHTED[entry](weight)


@pytest.mark.parametrize("entry", [entry for entry in WEIGHTED if entry != "partial_fit sample_weight"])
@pytest.mark.parametrize("weight", [np.zeros(N), 0.0, -0.0])
def test_weights_without_a_sum_are_told_in_the_same_words(entry, weight):
    with pytest.raises(ValueError, match=r"^sample_weight: expected at least one positive weight, found only zeros$"):
        WEIGHTED[entry](weight)


@pytest.mark.parametrize("entry", WEIGHTED)
@pytest.mark.parametrize("make", [list, lambda w: w.astype(object), lambda w: w.astype(np.float16), tuple])
def test_weights_may_come_in_any_container(entry, make):
    weight = 1.0 + np.arange(N) % 3

    def answer(weight):
        out = WEIGHTED[entry](weight)
        return out.coef_ if hasattr(out, "coef_") else out

    np.testing.assert_array_equal(answer(make(weight)), answer(weight))


# --- arrays without dimensions ----------------------------------------------------------------------------------------

#: Arguments of the estimator, by name, as what arrays without dimensions hold.
HELD = {
    "penalty": "l2",
    "C": 2,
    "l1_ratio": 0.5,
    "dual": True,
    "tol": 1e-4,
    "fit_intercept": False,
    "standardize": True,
    "intercept_scaling": 2,
    "class_weight": {0: 1.0, 1: 2.0},
    "random_state": 7,
    "solver": "auto",
    "max_iter": 30,
    "verbose": 0,
    "warm_start": True,
    "n_jobs": 1,
    "n_threads": 1,
    "time_limit": 9,
    "callback": lambda progress: None,
    "multi_class": "ovr",
    "group_penalty": False,
}


@pytest.mark.filterwarnings("ignore:'penalty' was deprecated")
@pytest.mark.parametrize("name", HELD)
def test_an_array_without_dimensions_is_what_it_holds(name):
    value = HELD[name]
    held = np.empty((), dtype=object)
    held[()] = value
    X, y = (globals()["X"], Y) if name in ("class_weight", "standardize") else CLASSES
    plain = LogisticRegression(**{name: value}).fit(X, y)
    for array in (held, np.array(value)) if not callable(value) else (held,):
        model = LogisticRegression(**{name: array})
        np.testing.assert_array_equal(model.fit(X, y).predict_proba(X), plain.predict_proba(X))
        assert getattr(model, name) is array
        model.predict(X)


@pytest.mark.parametrize(
    "fit",
    [
        lambda **a: fit_logistic(X, Y, l2=0.1, standardize=np.array(True), **a).coef,
        lambda **a: fit_softmax(*CLASSES, l2=0.1, group_penalty=np.array(False), **a).coef,
        lambda **a: fit_one_vs_rest(*CLASSES, l2=0.1, standardize=np.array(True), **a)[2].coef,
    ],
)
def test_switches_and_names_of_functions_may_be_arrays_without_dimensions(fit):
    expected = fit(fit_intercept=False, solver="newton_cg")
    np.testing.assert_array_equal(fit(fit_intercept=np.array(False), solver=np.array("newton_cg")), expected)
    with pytest.raises(TypeError, match=r"^fit_intercept=array\(0\): expected True or False"):
        fit(fit_intercept=np.array(0))
