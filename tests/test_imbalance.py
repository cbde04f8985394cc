"""Classes of unequal size: weights, thresholds, and probabilities after sampling by class."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression
from sklearn.metrics import confusion_matrix, make_scorer
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, TunedThresholdClassifierCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import compute_sample_weight
from support.problems import make_problem
from support.processes import run_python

from fastlr import LogisticRegression, fit_logistic, imbalance

COEF = np.array([1.0, -0.5, 0.25])


def rare_problem(n=40_000, intercept=-3.0, seed=0):
    """Rows of a logistic model with few of the second class."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, len(COEF)))
    return X, (rng.random(n) < expit(X @ COEF + intercept)).astype(int)


def down_sampled(X, y, seed=1):
    """All rows of the second class and as many of the first."""
    rng = np.random.default_rng(seed)
    second = np.flatnonzero(y == 1)
    first = rng.choice(np.flatnonzero(y == 0), len(second), replace=False)
    rows = rng.permutation(np.concatenate([first, second]))
    return X[rows], y[rows]


# --- weights ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels", [[0, 1], [False, True], ["no", "yes"], [-1.5, 2.5], [3, 1, 7, 2], ["a", "b", "c"]], ids=str
)
def test_weights_are_those_of_scikit_learn(labels):
    rng = np.random.default_rng(0)
    shares = np.arange(1.0, len(labels) + 1) / np.arange(1.0, len(labels) + 1).sum()
    y = np.concatenate([labels, rng.choice(labels, 200, p=shares)])
    for given in (y, y.tolist(), y.astype(object)):
        found = imbalance.balanced_weights(given)
        np.testing.assert_allclose(found, compute_sample_weight("balanced", y), rtol=1e-14)
    assert found.sum() == pytest.approx(len(y), rel=1e-13)


def test_weights_of_two_classes_are_the_inverse_frequencies_of_the_loss():
    y = np.repeat([0, 1], [90, 10])
    found = imbalance.balanced_weights(y)
    np.testing.assert_allclose(found[[0, -1]], [100 / (2 * 90), 100 / (2 * 10)], rtol=1e-14)


def test_given_weights_are_repeated_rows_and_become_part_of_the_result():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 50)
    counts = rng.integers(1, 5, 50)
    repeated = imbalance.balanced_weights(np.repeat(y, counts))
    sums = np.add.reduceat(repeated, np.cumsum(counts) - counts)
    found = imbalance.balanced_weights(y, counts)
    np.testing.assert_allclose(found, sums, rtol=1e-13)
    np.testing.assert_allclose(np.bincount(y, found), counts.sum() / 3, rtol=1e-13)
    np.testing.assert_allclose(imbalance.balanced_weights(y, counts * 1e306), found * 1e306, rtol=1e-13)


def test_a_class_without_weight_is_absent():
    y, weight = np.array([0, 0, 0, 1, 2, 2]), np.array([1.0, 1.0, 0.0, 1.0, 0.0, 0.0])
    found = imbalance.balanced_weights(y, weight)
    np.testing.assert_allclose(found[weight > 0], imbalance.balanced_weights(y[weight > 0]), rtol=1e-14)
    assert not found[weight == 0].any()


@pytest.mark.parametrize("weighted", [False, True])
def test_a_fit_with_them_is_the_fit_with_balanced_class_weight(weighted):
    X, y = make_problem(imbalance=-2.0)
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(y)) if weighted else None
    expected = LogisticRegression(class_weight="balanced", tol=1e-13).fit(X, y, weight)
    balanced = imbalance.balanced_weights(y, weight)
    found = LogisticRegression(tol=1e-13).fit(X, y, balanced)
    np.testing.assert_allclose(found.coef_, expected.coef_, atol=1e-7)
    result = fit_logistic(X, y, l2=1.0 / balanced.sum(), sample_weight=balanced, tol=1e-13)
    np.testing.assert_allclose(result.coef, expected.coef_[0], atol=1e-7)


def test_a_balanced_fit_finds_both_classes_equally_well_on_average():
    """The derivative in the intercept is zero: both classes have the same mean residual."""
    X, y = rare_problem(4_000)
    p = LogisticRegression(tol=1e-12).fit(X, y, imbalance.balanced_weights(y)).predict_proba(X)[:, 1]
    assert p[y == 0].mean() == pytest.approx(1.0 - p[y == 1].mean(), abs=1e-6)


@pytest.mark.parametrize(
    ("y", "weight", "error", "message"),
    [
        ([1, 1, 1], None, ValueError, r"y holds one class only \(1\): expected two or more"),
        ([], None, ValueError, r"y has shape \(0,\): expected \(n,\) with at least one row"),
        ([[0], [1]], None, ValueError, r"y has shape \(2, 1\)"),
        ([0.0, 1.0, np.nan], None, ValueError, "y contains NaN"),
        ([None, "a", 1], None, TypeError, "y holds labels that cannot be sorted"),
        ([0, 1], [1.0], ValueError, r"sample_weight: expected shape \(2,\), .*, found \(1,\)"),
        ([0, 1], [1.0, -1.0], ValueError, "sample_weight: expected finite numbers >= 0"),
        ([0, 1], [1.0, np.inf], ValueError, "sample_weight: expected finite numbers >= 0"),
        ([0, 1], ["a", "b"], TypeError, "sample_weight: expected real numbers"),
        ([0, 1], [0.0, 0.0], ValueError, "sample_weight: expected at least one positive weight, found only zeros"),
        ([0, 1], [1.0, 0.0], ValueError, "y holds one class only among the rows of positive weight"),
    ],
)
def test_labels_and_weights_that_cannot_be_used(y, weight, error, message):
    with pytest.raises(error, match=message):
        imbalance.balanced_weights(y, weight)


# --- thresholds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ((1e308, 1e308), 0.5),
        ((1e308, 1e308, -1e308, -1e308), 0.5),
        ((1.7e308, 0.85e308, 0.0, 0.0), 2 / 3),
        ((5e-324, 5e-324), 0.5),
        (([1e308, 5e-324, 1.0], [1e308, 5e-324, 3.0]), [0.5, 0.5, 0.25]),
    ],
)
def test_costs_near_the_ends_of_double_precision(costs, expected):
    np.testing.assert_allclose(imbalance.cost_threshold(*costs), expected, rtol=1e-15)


@pytest.mark.parametrize("costs", [(1, 1, 0, 0), (1, 9, 0, 0), (5.0, 2.0, -1.0, 0.5), (0.1, 300.0, 4.0, -7.0)])
def test_both_decisions_cost_the_same_at_the_threshold(costs):
    fp, fn, tp, tn = costs
    p = imbalance.cost_threshold(fp, fn, tp, tn)
    assert isinstance(p, float)

    def second(p):
        return p * tp + (1 - p) * fp

    def first(p):
        return p * fn + (1 - p) * tn

    assert second(p) == pytest.approx(first(p), rel=1e-13)
    assert second(p + 1e-3) < first(p + 1e-3)
    assert second(p - 1e-3) > first(p - 1e-3)
    assert imbalance.cost_threshold(7 * fp, 7 * fn + 1, 7 * tp + 1, 7 * tn) == pytest.approx(p, rel=1e-13)


def test_thresholds_of_many_costs_at_once():
    amounts = np.array([[1.0], [10.0]])
    found = imbalance.cost_threshold(1.0, amounts, true_negative=[-1.0, 0.0, 0.5])
    expected = [
        [imbalance.cost_threshold(1.0, amount, true_negative=gain) for gain in (-1.0, 0.0, 0.5)]
        for amount in amounts[:, 0]
    ]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("costs", "error", "message"),
    [
        ((0, 1), ValueError, "false_positive exceeds true_negative by 0.0: expected an error to cost more"),
        ((1, 0), ValueError, "false_negative exceeds true_positive by 0.0"),
        ((-1, -1), ValueError, "false_positive exceeds true_negative by -1.0"),
        ((1, 1, 2), ValueError, "false_negative exceeds true_positive by -1.0"),
        ((1, [3.0, 0.5], 0.5), ValueError, "false_negative exceeds true_positive by 0.0"),
        ((np.inf, 1), ValueError, "false_positive: expected finite costs, found inf"),
        ((1, 1, 0, [0, np.nan]), ValueError, "true_negative: expected finite costs, found nan"),
        (("1", 1), TypeError, "false_positive: expected real numbers"),
        (([1, 2], 1, 0, [0, 0, 0]), ValueError, r"costs of different shapes, false_positive \(2,\)"),
        (([1, 2], [1, 2, 3]), ValueError, r"costs of different shapes, .*false_negative \(3,\)"),
    ],
)
def test_costs_without_a_threshold(costs, error, message):
    with pytest.raises(error, match=message):
        imbalance.cost_threshold(*costs)


def cost_of(y, decided, fp=1.0, fn=9.0):
    (_, wrong_second), (wrong_first, _) = confusion_matrix(y, decided)
    return fp * wrong_second + fn * wrong_first


def test_a_fixed_threshold_of_scikit_learn_applies_it():
    X, y = rare_problem(20_000)
    train, test = slice(0, 10_000), slice(10_000, None)
    threshold = imbalance.cost_threshold(1.0, 9.0)
    model = LogisticRegression().fit(X[train], y[train])
    fixed = FixedThresholdClassifier(LogisticRegression(), threshold=threshold, response_method="predict_proba")
    fixed.fit(X[train], y[train])
    np.testing.assert_array_equal(fixed.predict(X), (model.predict_proba(X)[:, 1] >= threshold).astype(int))
    assert cost_of(y[test], fixed.predict(X[test])) < 0.8 * cost_of(y[test], model.predict(X[test]))


def test_a_threshold_tuned_by_scikit_learn_comes_near_the_one_that_costs_say():
    X, y = rare_problem(20_000)
    scorer = make_scorer(cost_of, greater_is_better=False)
    tuned = TunedThresholdClassifierCV(LogisticRegression(), scoring=scorer, cv=3).fit(X, y)
    fixed = FixedThresholdClassifier(
        LogisticRegression(), threshold=imbalance.cost_threshold(1.0, 9.0), response_method="predict_proba"
    ).fit(X, y)
    assert tuned.best_threshold_ == pytest.approx(fixed.threshold, abs=0.05)
    unseen = rare_problem(20_000, seed=2)
    assert cost_of(unseen[1], tuned.predict(unseen[0])) == pytest.approx(
        cost_of(unseen[1], fixed.predict(unseen[0])), rel=0.03
    )


# --- prior correction -------------------------------------------------------------------------------------------------


def test_the_correction_is_the_formula_of_king_and_zeng():
    tau, ybar = 0.02, 0.5
    expected = 0.3 - np.log((1 - tau) / tau * ybar / (1 - ybar))
    found = imbalance.corrected_intercept(0.3, ybar, tau)
    assert isinstance(found, float)
    assert found == pytest.approx(expected, rel=1e-14)
    assert imbalance.corrected_intercept(found, tau, ybar) == pytest.approx(0.3, rel=1e-13)
    assert imbalance.corrected_intercept(0.3, 0.2, 0.2) == 0.3
    many = imbalance.corrected_intercept([0.3, 0.4], 0.5, [[tau], [ybar]])
    np.testing.assert_allclose(many, [[expected, expected + 0.1], [0.3, 0.4]], rtol=1e-13)


def test_the_correction_is_bayes_rule():
    """Keeping a share of each class multiplies the odds by the ratio of the shares, at every x."""
    eta, kept_first, kept_second, population = np.linspace(-5, 5, 11), 0.1, 0.8, 0.03
    p = expit(eta)
    sampled = kept_second * p / (kept_second * p + kept_first * (1 - p))
    share = kept_second * population / (kept_second * population + kept_first * (1 - population))
    np.testing.assert_allclose(imbalance.corrected_intercept(logit(sampled), share, population), eta, atol=1e-12)


def test_a_corrected_fit_to_a_sample_has_the_probabilities_of_the_fit_to_all_rows():
    X, y = rare_problem(200_000)
    sample_X, sample_y = down_sampled(X, y)
    everything = LogisticRegression(C=np.inf).fit(X, y)
    sampled = LogisticRegression(C=np.inf).fit(sample_X, sample_y)
    corrected = imbalance.prior_corrected(sampled, sample_y.mean(), y.mean())
    deviation = np.sqrt(2.0 / (sample_y.mean() * (1 - sample_y.mean()) * len(sample_y)))
    assert abs(corrected.intercept_[0] - everything.intercept_[0]) < 4 * deviation
    assert abs(sampled.intercept_[0] - everything.intercept_[0]) > 100 * deviation
    p, truth = corrected.predict_proba(X), expit(X @ COEF - 3.0)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-12)
    assert np.abs(p[:, 1] - everything.predict_proba(X)[:, 1]).mean() < 0.02 * y.mean()
    assert np.abs(p[:, 1] - truth).mean() < 0.03 * y.mean()
    assert p[:, 1].mean() == pytest.approx(y.mean(), rel=0.02)
    assert sampled.predict_proba(X)[:, 1].mean() > 4 * y.mean()
    assert corrected.log_loss(X, y) < 0.7 * sampled.log_loss(X, y)


def test_a_corrected_balanced_fit_has_the_probabilities_of_the_plain_fit():
    X, y = rare_problem(200_000)
    plain = LogisticRegression(C=np.inf).fit(X, y).predict_proba(X)[:, 1]
    balanced = LogisticRegression(C=np.inf, class_weight="balanced").fit(X, y)
    corrected = imbalance.prior_corrected(balanced, 0.5, y.mean()).predict_proba(X)[:, 1]
    assert np.abs(corrected - plain).mean() < 0.02 * y.mean()
    assert np.abs(balanced.predict_proba(X)[:, 1] - plain).mean() > 2 * y.mean()


def test_weights_are_the_other_way_to_correct():
    """King and Zeng's weighting, equation 8, agrees with prior correction where the model holds."""
    X, y = rare_problem(200_000)
    sample_X, sample_y = down_sampled(X, y)
    tau, ybar = y.mean(), sample_y.mean()
    weights = {1: tau / ybar, 0: (1 - tau) / (1 - ybar)}
    weighted = LogisticRegression(C=np.inf, class_weight=weights).fit(sample_X, sample_y)
    corrected = imbalance.prior_corrected(LogisticRegression(C=np.inf).fit(sample_X, sample_y), ybar, tau)
    difference = weighted.predict_proba(X)[:, 1] - corrected.predict_proba(X)[:, 1]
    assert np.abs(difference).mean() < 0.05 * tau


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_corrected_copy_is_a_model_of_its_own(dtype):
    X, y = make_problem()
    X = X.astype(dtype)
    model = LogisticRegression().fit(X, np.where(y == 1, "yes", "no"))
    coef, intercept = model.coef_.copy(), model.intercept_.copy()
    corrected = imbalance.prior_corrected(model, 0.5, 0.1)
    assert type(corrected) is LogisticRegression
    assert corrected.intercept_.dtype == corrected.predict_proba(X).dtype == dtype
    shift = corrected.decision_function(X) - model.decision_function(X)
    np.testing.assert_allclose(shift, -np.log(9.0), rtol=1e-12 if dtype == np.float64 else 1e-5)
    assert corrected.get_params() == model.get_params()
    corrected.coef_[:] = 0.0
    np.testing.assert_array_equal(model.coef_, coef)
    np.testing.assert_array_equal(model.intercept_, intercept)
    again = corrected.fit(X, np.where(y == 1, "yes", "no"))
    np.testing.assert_array_equal(again.intercept_, intercept)


def test_sparse_coefficients_and_a_step_of_a_pipeline_can_be_corrected():
    X, y = make_problem()
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(l1_ratio=1.0, C=0.1)).fit(X, y)
    plain = pipeline.decision_function(X)
    pipeline[-1].sparsify()
    pipeline.steps[-1] = ("corrected", imbalance.prior_corrected(pipeline[-1], 0.5, 0.2))
    np.testing.assert_allclose(pipeline.decision_function(X), plain + np.log(0.25), rtol=1e-12)


@pytest.mark.parametrize(
    ("shares", "error", "message"),
    [
        ((0.0, 0.1), ValueError, "sampled_share=0.0: expected a share within"),
        ((0.5, 1.0), ValueError, "population_share=1.0"),
        ((0.5, np.nan), ValueError, "population_share=nan"),
        ((50, 0.1), ValueError, "sampled_share=50.0"),
        (("half", 0.1), TypeError, "sampled_share: expected real numbers"),
        ((0.5, [0.1, 0.2]), ValueError, r"population_share has shape \(2,\): expected a number"),
    ],
)
def test_shares_that_are_none(shares, error, message):
    X, y = make_problem()
    with pytest.raises(error, match=message):
        imbalance.prior_corrected(LogisticRegression().fit(X, y), *shares)


def test_models_that_cannot_be_corrected():
    with pytest.raises(NotFittedError):
        imbalance.prior_corrected(LogisticRegression(), 0.5, 0.1)
    X, _ = make_problem()
    y = np.arange(len(X)) % 3
    with pytest.raises(ValueError, match=r"sampled_share=0.5: expected a dict .* of the 3 classes"):
        imbalance.prior_corrected(SklearnLogisticRegression(max_iter=1000).fit(X, y), 0.5, 0.1)
    shares = {0: 0.2, 1: 0.3, 2: 0.5}
    for separate in (
        LogisticRegression(multi_class="ovr").fit(X, y),
        LogisticRegression(multi_class="multilabel").fit(X, np.eye(3)[y]),
    ):
        with pytest.raises(ValueError, match=r"model has 3 classes, multi_class='.*', and an intercept|one softmax"):
            imbalance.prior_corrected(separate, shares, shares)
    with pytest.raises(ValueError, match=r"model has 2 classes, multi_class='multilabel' and an intercept of shape"):
        imbalance.prior_corrected(LogisticRegression(multi_class="multilabel").fit(X, np.eye(3)[y][:, :2]), 0.5, 0.1)


@pytest.mark.parametrize("kind", ["search", "nothing in front", "passthrough", "a function", "another classifier"])
def test_what_is_no_logistic_regression_cannot_be_corrected(kind):
    X, y = make_problem()
    model = {
        "search": lambda: GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2).fit(X, y),
        "nothing in front": lambda: 3,
        "passthrough": lambda: make_pipeline(StandardScaler(), "passthrough").fit(X, y),
        "a function": lambda: make_problem,
        "another classifier": lambda: make_pipeline(StandardScaler(), GaussianNB()).fit(X, y),
    }[kind]()
    hint = "; its best_estimator_ may be meant" if kind == "search" else ""
    with pytest.raises(
        TypeError, match=rf"model.*: expected a LogisticRegression.* or a Pipeline that ends in one{hint}$"
    ):
        imbalance.prior_corrected(model, 0.5, 0.1)


@pytest.mark.parametrize(
    ("sampled", "population"),
    [
        ({"no": 0.5, "yes": 0.5}, {"no": 0.9, "yes": 0.1}),
        ({"yes": 0.5}, {"no": 0.9}),
        (0.5, {"yes": np.float32(0.1), "no": np.float32(0.9)}),
        ({np.str_("no"): 0.5}, 0.1),
    ],
)
def test_shares_by_label_are_shares_of_the_second_class(sampled, population):
    X, y = make_problem()
    model = LogisticRegression().fit(X, np.where(y == 1, "yes", "no"))
    expected = imbalance.prior_corrected(model, 0.5, 0.1).intercept_
    np.testing.assert_allclose(imbalance.prior_corrected(model, sampled, population).intercept_, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("shares", "error", "message"),
    [
        (
            {"no": 0.5, "maybe": 0.5},
            ValueError,
            r"has shares of \['no', 'maybe'\]: expected those of the classes \['no'",
        ),
        ({}, ValueError, r"has shares of \[\]: expected those"),
        ({"no": 0.5, "yes": 0.6}, ValueError, "adds up to 1.1: expected 1"),
        ({"no": 0.0, "yes": 1.0}, ValueError, r"\['no'\]=0.0: expected a share within \(0, 1\)"),
        ({"no": "half"}, TypeError, r"\['no'\]: expected real numbers"),
        ({"no": [0.5]}, ValueError, r"\['no'\] has shape \(1,\): expected a number"),
    ],
)
@pytest.mark.parametrize("name", ["sampled_share", "population_share"])
def test_shares_by_label_that_are_none(name, shares, error, message):
    X, y = make_problem()
    model = LogisticRegression().fit(X, np.where(y == 1, "yes", "no"))
    with pytest.raises(error, match=f"{name}.*{message}"):
        imbalance.prior_corrected(model, **{"sampled_share": 0.5, "population_share": 0.5} | {name: shares})


@pytest.mark.parametrize("estimator", [LogisticRegression, SklearnLogisticRegression])
def test_a_softmax_of_a_sample_gets_the_probabilities_of_all_rows(estimator):
    rng = np.random.default_rng(0)
    n, coef = 300_000, np.array([[0.0, 0.0], [1.0, -1.0], [-1.0, 0.5]])
    X = rng.standard_normal((n, 2))
    eta = X @ coef.T + [2.0, 0.0, -1.0]
    truth = np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)
    y = np.argmax(eta + rng.gumbel(size=(n, 3)), axis=1)
    counts = np.bincount(y)
    rows = np.concatenate([np.flatnonzero(y == k)[: counts.min()] for k in range(3)])
    sampled = estimator(C=1e6).fit(X[rows], np.array(["a", "b", "c"])[y[rows]])
    population = dict(zip("abc", counts / n, strict=True))
    corrected = imbalance.prior_corrected(sampled, {"a": 1 / 3, "b": 1 / 3}, population)
    assert np.abs(corrected.predict_proba(X) - truth).mean() < 0.01
    assert np.abs(sampled.predict_proba(X) - truth).mean() > 0.1
    assert corrected.intercept_.sum() == pytest.approx(sampled.intercept_.sum(), abs=1e-12)
    np.testing.assert_allclose(corrected.predict_proba(X).mean(axis=0), counts / n, atol=0.01)


@pytest.mark.parametrize("estimator", [LogisticRegression, SklearnLogisticRegression])
def test_a_pipeline_is_corrected_in_its_last_step(estimator):
    X, y = make_problem()
    inner = make_pipeline(StandardScaler(), estimator())
    pipeline = make_pipeline(StandardScaler(), inner).fit(X, y)
    plain = pipeline.decision_function(X)
    corrected = imbalance.prior_corrected(pipeline, {0: 0.5, 1: 0.5}, {0: 0.8, 1: 0.2})
    assert type(corrected) is type(pipeline)
    np.testing.assert_allclose(corrected.decision_function(X), plain + np.log(0.25), rtol=1e-12)
    np.testing.assert_array_equal(pipeline.decision_function(X), plain)
    assert list(corrected.named_steps) == list(pipeline.named_steps)
    with pytest.raises(NotFittedError):
        imbalance.prior_corrected(make_pipeline(StandardScaler(), estimator()), 0.5, 0.2)


def test_the_module_loads_without_scikit_learn():
    lines = (
        "import sys",
        "from fastlr import imbalance",
        "print(imbalance.cost_threshold(1, 3), 'sklearn' in sys.modules)",
    )
    assert run_python("\n".join(lines)).stdout.split() == ["0.25", "False"]
