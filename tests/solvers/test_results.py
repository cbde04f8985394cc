"""What a user reads of a fit: tables, histories, messages, comparisons, gaps."""

import copy
import pickle
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support.layouts import as_layout
from support.problems import class_problem, make_problem

import fastlr
from fastlr import (
    LogisticRegression,
    LogisticResult,
    LogisticResults,
    Progress,
    Status,
    fit_logistic,
    fit_one_vs_rest,
    fit_softmax,
)
from fastlr.solvers import SOLVERS, result_tables

COLUMNS = ["iteration", "n_passes", "elapsed", "objective", "gap", "target", "optimality", "nonzeros"]


@pytest.fixture(scope="module")
def classes():
    return class_problem(300, 6, 4)


def two_classes(**arguments):
    X, y = make_problem()
    return fit_logistic(X, y, **{"l2": 1e-3, **arguments})


FITS = {
    "two classes": two_classes,
    "no penalty": lambda **arguments: two_classes(l2=0.0, **arguments),
    "softmax": lambda **arguments: fit_softmax(*class_problem(300, 6, 4), l2=1e-3, **arguments),
    "softmax l1": lambda **arguments: fit_softmax(*class_problem(300, 6, 4), l1=1e-3, **arguments),
}


# --- tables -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fit", FITS)
def test_a_result_prints_as_a_short_table(fit):
    result = FITS[fit]()
    text = repr(result)
    assert text == str(result)
    lines = text.splitlines()
    assert len(lines) < 20
    assert max(map(len, lines)) <= result_tables.WIDTH
    assert lines[0] == "LogisticResult: converged"
    names = [line.split()[0] for line in lines[1:] if line[2] != " "]
    certificate = "estimate" if fit == "no penalty" else "gap"
    expected = ["objective", certificate, "passes", "nonzeros", "seconds", "solver", "findings", "message"]
    assert names == expected
    assert f"{np.count_nonzero(result.coef)} of {result.coef.size} coefficients" in text
    assert f"(target {result.target:.2g})" in text
    assert " ".join(text.split()).endswith(result.message)
    assert "array" not in text
    assert "Progress" not in text


def test_a_table_names_the_findings():
    X, y = make_problem()
    X = np.column_stack([X, X[:, 0], np.ones(len(X))])
    text = repr(fit_logistic(X, y))
    assert "Collinear (columns 0, 12)" in text
    assert "Constant (columns 13)" in text
    assert "Separation" in repr(fit_logistic(X, X[:, 2] > 0.3))


def test_a_result_of_which_the_target_is_unknown_prints():
    assert "target" not in repr(replace(two_classes(), target=np.nan, message=""))


@pytest.mark.parametrize("fit", FITS)
def test_notebooks_show_a_table(fit):
    result = FITS[fit](max_iter=1)
    html = result._repr_html_()
    assert html.count("<tr>") == html.count("</tr>") == 8
    assert "max_iter" in html


def test_html_is_escaped():
    hostile = replace(two_classes(), message="<script>a & b")
    assert "&lt;script&gt;a &amp; b" in hostile._repr_html_()
    several = LogisticResults([hostile], ["class '<b>'"])
    assert "class &#x27;&lt;b&gt;&#x27;" in several._repr_html_()


def test_several_results_print_as_one_table(classes):
    X, y = classes
    results = fit_one_vs_rest(X, y, l2=1e-3)
    assert isinstance(results, tuple)
    title, head, *lines = repr(results).splitlines()
    assert title == "4 results, 4 converged"
    assert head.split()[:2] == ["status", "objective"]
    assert [line.split()[0] for line in lines] == list("0123")
    assert all(result.solver in line for result, line in zip(results, lines, strict=True))
    assert results._repr_html_().count("<tr>") == 5


def test_the_estimator_names_the_lines(classes):
    X, y = classes
    model = LogisticRegression(multi_class="ovr").fit(X, np.array(["ant", "bee", "cat", "dog"])[y])
    assert "class 'cat'" in repr(model.result_)
    model = LogisticRegression(multi_class="multilabel").fit(X, y[:, None] == np.arange(4))
    assert "label 3" in repr(model.result_)
    assert isinstance(model.result_, tuple)


def test_of_many_results_the_first_and_the_last_are_shown():
    result = two_classes()
    shown = repr(LogisticResults([result] * 300)).splitlines()
    assert shown[0] == "300 results, 300 converged"
    numbers = [line.split()[0] for line in shown[2:]]
    assert numbers == [*map(str, range(10)), "...", *map(str, range(290, 300))]
    assert LogisticResults([result] * 300)._repr_html_().count("<tr>") == 22


def test_no_results_print_as_well():
    assert repr(LogisticResults([])).startswith("0 results")


def test_several_results_survive_copies(classes):
    X, y = classes
    results = LogisticRegression(multi_class="ovr").fit(X, y).result_
    for copied in (pickle.loads(pickle.dumps(results)), copy.deepcopy(results), copy.copy(results)):
        assert copied == results
        assert repr(copied) == repr(results)


# --- history ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fit", FITS)
def test_a_history_makes_a_frame(fit):
    result = FITS[fit]()
    frame = pd.DataFrame(result.history)
    assert list(frame.columns) == COLUMNS
    assert len(frame) == result.n_iter + 1
    assert all(dtype.kind in "fi" for dtype in frame.dtypes)
    assert (frame.target == result.target).all()
    assert frame.gap.iloc[-1] <= result.target
    assert result.seconds == frame.elapsed.iloc[-1]


def test_what_a_callback_kept_makes_the_same_frame(classes):
    X, y = classes
    seen = []
    results = fit_one_vs_rest(X, y, l2=1e-3, callback=seen.append)
    frame = pd.DataFrame(seen)
    assert list(frame.columns) == COLUMNS
    assert len(frame) == sum(len(result.history) for result in results)


# --- comparison -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fit", FITS)
def test_the_same_fit_gives_an_equal_result(fit):
    first, second = FITS[fit](), FITS[fit]()
    assert first == second
    assert pickle.loads(pickle.dumps(first)) == first
    assert [point.elapsed for point in first.history] != [point.elapsed for point in second.history]


@pytest.mark.parametrize(
    "change",
    [
        {"coef": np.zeros(12)},
        {"coef": np.zeros(11)},
        {"intercept": 0.5},
        {"objective": np.nan},
        {"duality_gap": 1.0},
        {"status": Status.STOPPED},
        {"message": ""},
        {"history": ()},
        {"findings": (1,)},
        {"target": 0.0},
    ],
)
def test_results_that_differ_are_not_equal(change):
    result = two_classes()
    other = replace(result, **change)
    assert result != other
    assert other == replace(other)


def test_results_of_other_fits_are_not_equal(classes):
    result = two_classes()
    assert result != two_classes(l2=1e-2)
    assert result != FITS["softmax"]()
    assert result != "a result"
    assert result is not None


def test_a_result_has_no_hash():
    """Its arrays can be changed."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(two_classes())


def test_points_of_a_history_are_equal_whatever_the_time():
    point = two_classes().history[1]
    later = replace(point, elapsed=1e3)
    assert later == point
    assert hash(later) == hash(point)
    assert point.telling(label=3, remaining=1.0) == point
    for name in set(COLUMNS) - {"elapsed"}:
        assert replace(point, **{name: -1}) != point
    assert point != 1
    undefined = [replace(point, gap=float("nan")) for _ in range(2)]
    assert undefined[0] == undefined[1]
    assert len(set(undefined)) == 1


# --- gaps -------------------------------------------------------------------------------------------------------------


def check_gaps(result):
    """No gap is above the objective, none is above what it was."""
    assert all(0.0 <= point.gap <= point.objective for point in result.history)
    if not np.isnan(result.duality_gap):
        assert 0.0 <= result.duality_gap <= result.objective
    assert all(point.target == result.target for point in result.history)


@pytest.mark.parametrize("ended", [{"time_limit": 0}, {"max_iter": 1}, {"max_iter": 3}, {}])
@pytest.mark.parametrize("penalty", [{}, {"l2": 1e-9}, {"l1": 1e-9}, {"l1": 1e-9, "l2": 1e-9}])
@pytest.mark.parametrize("solver", ["auto", *SOLVERS])
def test_gaps_of_two_classes_are_below_the_objective(solver, penalty, ended):
    spec = SOLVERS.get(solver)
    name = {(): "none", ("l2",): "l2", ("l1",): "l1"}.get(tuple(penalty), "elasticnet")
    if spec is not None and not spec.handles(name):
        return
    X, y = make_problem()
    result = fit_logistic(100.0 * X, y, **penalty, solver=solver, **{"max_iter": 30, **ended})
    check_gaps(result)
    assert np.isnan(result.duality_gap) == (not penalty)


def test_a_gap_after_a_time_limit_is_the_objective():
    X, y = make_problem()
    result = fit_logistic(100.0 * X, y, l2=1e-9, time_limit=0)
    assert result.duality_gap == result.history[0].gap == result.objective
    assert result.objective < 0.7


@pytest.mark.parametrize("ended", [{"time_limit": 0}, {"max_iter": 2}, {}])
@pytest.mark.parametrize("penalty", [{}, {"l2": 1e-9}, {"l1": 1e-9}, {"l1": 1e-9, "group_penalty": True}])
def test_gaps_of_a_softmax_are_below_the_objective(penalty, ended, classes):
    X, y = classes
    check_gaps(fit_softmax(100.0 * X, y, **penalty, **{"max_iter": 30, **ended}))


@pytest.mark.parametrize("ended", [{"time_limit": 0}, {"max_iter": 2}, {}])
@pytest.mark.parametrize(
    "solver, layout, penalty",
    [
        ("newton_small", "C", {"l2": 1e-9}),  # one by one
        ("newton_small", "C", {}),
        ("coordinate_descent", "csc", {"l1": 1e-9}),
        ("newton_cg", "C", {"l2": 1e-9}),  # in lockstep
        ("newton_cg", "C", {}),
        ("dual_coordinate_descent", "C", {"l2": 1e-9}),  # the dual, one by one and in lanes
        ("dual_coordinate_descent", "csr", {"l2": 1e-9}),
        ("dual_coordinate_descent", "csr", {"l2": 1e-3}),
    ],
)
def test_gaps_of_separate_fits_are_below_the_objective(solver, layout, penalty, ended, classes):
    X, y = classes
    results = fit_one_vs_rest(as_layout(100.0 * X, layout), y, **penalty, solver=solver, **{"max_iter": 30, **ended})
    for result in results:
        check_gaps(result)


def test_messages_give_the_gap_that_is_reported():
    X, y = make_problem()
    for ended in ({"time_limit": 0}, {"max_iter": 0}, {"callback": lambda progress: True}):
        result = fit_logistic(100.0 * X, y, l2=1e-9, **ended)
        assert f"at a gap of {result.objective:.2g} (target {result.target:.2g})." in result.message


@pytest.mark.parametrize("solver", ["newton_small", "newton_cholesky", "newton_cg"])
def test_a_gap_below_rounding_is_told_with_what_rounding_hides(solver):
    X, y = make_problem()
    result = fit_logistic(X, y, l2=1e-2, tol=1e-14, solver=solver)
    assert result.converged
    assert result.duality_gap > result.history[-1].gap
    assert f"The suboptimality is at most {result.duality_gap:.2g} (target" in result.message


# --- messages ---------------------------------------------------------------------------------------------------------


def check_sentences(message):
    """Sentences with a capital or the name of an argument at the beginning, and a full stop at the end."""
    assert message.endswith(".")
    assert ";;" not in message
    for sentence in re.split(r"(?<=[a-z)])\. ", message):
        first = sentence.split()[0]
        assert first[0].isupper() or "_" in first or first[0].isdigit() or first == "l1", sentence


@pytest.mark.parametrize("ended", [{}, {"time_limit": 0}, {"max_iter": 1}, {"callback": lambda progress: True}])
@pytest.mark.parametrize("penalty", [{}, {"l2": 1e-3}, {"l1": 1e-3}, {"bounds": (0, None)}])
@pytest.mark.parametrize("solver", ["auto", *SOLVERS])
def test_messages_are_sentences(solver, penalty, ended):
    X, y = make_problem()
    X[:, 3] *= 1e5
    spec = SOLVERS.get(solver)
    name = "l1" if "l1" in penalty else "l2" if "l2" in penalty else "none"
    if spec is not None and not spec.handles(name, "bounds" in penalty):
        return
    result = fit_logistic(X, y, **penalty, solver=solver, **{"max_iter": 30, **ended})
    check_sentences(result.message)
    assert ("Chosen automatically" in result.message) == (solver == "auto")
    if solver == "auto":
        assert f"Chosen automatically: {result.solver}, because " in result.message


@pytest.mark.parametrize("penalty", [{}, {"l2": 1e-3}, {"l1": 1e-3}])
def test_messages_of_many_classes_are_sentences(penalty, classes):
    X, y = classes
    softmax = fit_softmax(X, y, **penalty)
    for result in (softmax, *fit_one_vs_rest(X, y, **penalty), fit_softmax(X, y, **penalty, max_iter=1)):
        check_sentences(result.message)
        assert f"Chosen automatically: {result.solver}, because " in result.message


def test_a_time_limit_says_the_gap_and_the_target():
    result = two_classes(time_limit=0)
    assert result.message.startswith(f"The time limit was reached at a gap of {result.history[-1].gap:.2g} (target ")


def test_an_estimated_gap_is_called_one():
    X, y = make_problem()
    result = fit_logistic(X, y, max_iter=2, tol=1e-12)
    assert "was reached at an estimated gap of" in result.message


def test_a_solver_that_went_on_from_another_is_named():
    X, y = make_problem()
    singular = np.column_stack([X, X[:, 0]])
    for asked in ("auto", "newton_small"):
        result = fit_logistic(singular, y, solver=asked)
        assert result.solver == "newton_cg"
        told = "The fit began with newton_small, which met a singular Hessian; newton_cg went on from there."
        assert result.message.endswith(told)
        check_sentences(result.message)


def test_a_softmax_that_began_with_quasi_newton_steps_says_so():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4000, 40)) @ np.diag(np.logspace(0, 3, 40)) @ rng.standard_normal((40, 40))
    y = np.argmax(1e-2 * X[:, :9] + rng.gumbel(size=(4000, 9)), axis=1)
    result = fit_softmax(X, y, l2=1e-6)
    assert result.solver == "newton_cg"
    assert "The fit began with lbfgs, which slowed down; newton_cg went on from there." in result.message
    assert result.message.count("Chosen automatically: newton_cg, because ") == 1
    easy = fit_softmax(rng.standard_normal((4000, 40)), y, l2=0.1)
    assert easy.solver == "lbfgs"
    assert "Chosen automatically: lbfgs, because " in easy.message


def test_the_dual_that_gained_too_little_says_so():
    rng = np.random.default_rng(0)
    X = as_layout(rng.standard_normal((400, 60)), "csr")
    y = (rng.random(400) < 0.5).astype(int)
    told = "The fit began with dual_coordinate_descent, which gained too little; newton_cg went on from there."
    one = fit_logistic(X, y, l2=1e-5, solver="dual_coordinate_descent")
    several = fit_one_vs_rest(X, y, l2=1e-5, solver="dual_coordinate_descent")
    for result in (one, *several):
        assert result.solver == "dual_coordinate_descent"
        assert result.message.endswith(told)


def test_columns_left_out_beforehand_are_counted():
    X, y = make_problem(200, 900, density=0.02)
    result = fit_logistic(as_layout(X, "csr"), y, l1=0.02)
    assert "l1 holds all but " in result.message
    check_sentences(result.message)
    check_sentences(fit_logistic(as_layout(X, "csr"), y, l1=0.02, solver="coordinate_descent").message)


def test_an_interrupted_fit_says_how_far_it_came():
    def interrupt(progress):
        raise KeyboardInterrupt

    with pytest.raises(fastlr.FitInterrupted) as caught:
        two_classes(callback=interrupt)
    assert str(caught.value).startswith("The fit was interrupted from the keyboard, at a gap of ")


# --- the estimator ----------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_estimator_says_whether_and_why_it_ended(classes):
    X, y = classes
    for options in ({}, {"multi_class": "ovr"}):
        model = LogisticRegression(**options).fit(X, y)
        assert model.converged_ is True
        assert model.status_ is Status.CONVERGED
        model = LogisticRegression(**options, max_iter=1, tol=1e-12).fit(X, y)
        assert model.converged_ is False
        assert model.status_ is Status.MAX_ITER
    model.partial_fit(X, y)
    assert not hasattr(model, "converged_")
    assert not hasattr(model, "status_")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_of_several_models_the_worst_status_counts():
    X, y = make_problem()
    Y = np.column_stack([y, X[:, 0] > 0.1])
    model = LogisticRegression(multi_class="multilabel", C=np.inf).fit(X, Y)
    assert [result.status for result in model.result_] == [Status.CONVERGED, Status.SEPARATED]
    assert model.status_ is Status.SEPARATED
    assert model.converged_ is False


def test_the_order_of_statuses():
    order = ["converged", "precision_limit", "max_iter", "time_limit", "stopped", "interrupted"]
    order += ["line_search_failed", "numerical_error", "separated"]
    assert [status.value for status in Status] == order
    assert Status.worst([Status.CONVERGED]) is Status.CONVERGED
    assert Status.worst([Status.STOPPED, Status.NUMERICAL_ERROR, Status.MAX_ITER]) is Status.NUMERICAL_ERROR


def test_types_are_exported():
    assert isinstance(two_classes(), LogisticResult)
    assert all(isinstance(point, Progress) for point in two_classes().history)
