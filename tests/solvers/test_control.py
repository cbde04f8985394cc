"""Stopping a fit, watching it, and fitting in threads, forks and workers."""

import multiprocessing
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed
from support.problems import make_problem
from support.processes import coef_of, in_this_folder
from support.references import null_objective, objective

from fastlr import FitInterrupted, LogisticRegression, LogisticResult, Progress, Status, fit_logistic

PENALTIES = {"l2": {"l2": 1e-3}, "l1": {"l1": 1e-3}, "none": {}}
RATIOS = {"l2": {"l1_ratio": 0.0}, "l1": {"l1_ratio": 1.0}, "none": {"C": np.inf}}


@pytest.fixture
def problem():
    return make_problem()


@pytest.fixture(params=PENALTIES)
def penalty(request):
    return PENALTIES[request.param]


@pytest.fixture(params=RATIOS)
def parameters(request):
    return RATIOS[request.param]


def at_iteration(number, action):
    """A callback that acts once a given iteration is reached."""

    def callback(progress):
        return action() if progress.iteration == number else None

    return callback


def press_ctrl_c():
    raise KeyboardInterrupt


def send_ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


# --- callback ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_true_callback_stops_the_fit(penalty, problem, number):
    X, y = problem
    result = fit_logistic(X, y, **penalty, tol=1e-12, callback=at_iteration(number, lambda: True))
    assert result.status is Status.STOPPED
    assert result.n_iter == number
    assert "callback" in result.message
    assert result.objective == pytest.approx(objective(X, y, result.coef, result.intercept, **penalty), rel=1e-13)


@pytest.mark.parametrize("answer", [None, False, 0, "", np.False_])
def test_a_false_callback_changes_nothing(penalty, problem, answer):
    X, y = problem
    watched = fit_logistic(X, y, **penalty, callback=lambda progress: answer)
    assert watched.converged
    assert np.array_equal(watched.coef, fit_logistic(X, y, **penalty).coef)


def test_a_callback_sees_the_history_of_the_result(penalty, problem):
    X, y = problem
    seen = []
    result = fit_logistic(X, y, **penalty, tol=1e-10, callback=seen.append)
    assert all(isinstance(progress, Progress) for progress in seen)
    assert seen == list(result.history)[: len(seen)]
    assert len(seen) >= result.n_iter > 1


def test_a_callback_gets_copies_of_the_coefficients_it_asks_for(penalty, problem):
    X, y = problem
    values = []

    def callback(progress):
        coef, intercept = progress.coefficients()
        values.append((progress.objective, objective(X, y, coef, intercept, **penalty)))
        coef[:] = np.nan

    result = fit_logistic(X, y, **penalty, tol=1e-10, callback=callback)
    assert result.converged
    np.testing.assert_allclose(*zip(*values, strict=True), rtol=1e-12)


def test_coefficients_kept_from_a_callback_stay_those_of_their_iteration(penalty, problem):
    X, y = problem
    kept = []
    fit_logistic(X, y, **penalty, tol=1e-10, callback=lambda progress: kept.append(progress))
    for progress in kept:
        coef, intercept = progress.coefficients()
        assert objective(X, y, coef, intercept, **penalty) == pytest.approx(progress.objective, rel=1e-12)


def test_an_error_in_a_callback_reaches_the_caller(penalty, problem):
    X, y = problem

    def fail(progress):
        raise RuntimeError("from the callback")

    with pytest.raises(RuntimeError, match="from the callback"):
        fit_logistic(X, y, **penalty, callback=fail)


def test_the_estimator_stops_by_callback_without_a_warning(parameters, problem):
    X, y = problem
    model = LogisticRegression(**parameters, tol=1e-12, callback=at_iteration(1, lambda: True)).fit(X, y)
    assert model.result_.status is Status.STOPPED
    assert model.n_iter_.tolist() == [1]
    assert np.isfinite(model.predict_proba(X)).all()


# --- time limit -------------------------------------------------------------------------------------------------------


def test_time_limit_zero_gives_the_first_point(penalty, problem):
    X, y = problem
    result = fit_logistic(X, y, **penalty, time_limit=0)
    assert result.status is Status.TIME_LIMIT
    assert "time limit" in result.message
    assert result.objective <= null_objective(y) * (1 + 1e-12)


def test_a_time_limit_ends_a_fit_that_has_begun(penalty, problem):
    X, y = problem
    slow = threading.Event()
    result = fit_logistic(X, y, **penalty, tol=1e-12, time_limit=0.05, callback=lambda _: slow.wait(0.06))
    assert result.status is Status.TIME_LIMIT
    assert not result.converged


def test_a_long_time_limit_changes_nothing(penalty, problem):
    X, y = problem
    limited = fit_logistic(X, y, **penalty, time_limit=1e6)
    assert limited.converged
    assert np.array_equal(limited.coef, fit_logistic(X, y, **penalty).coef)


def test_the_estimator_ends_at_a_time_limit_without_a_warning(parameters, problem):
    X, y = problem
    model = LogisticRegression(**parameters, time_limit=0).fit(X, y)
    assert model.result_.status is Status.TIME_LIMIT
    assert np.isfinite(model.predict_proba(X)).all()


# --- interrupts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interrupt", [press_ctrl_c, send_ctrl_c])
@pytest.mark.parametrize("number", [0, 2])
def test_ctrl_c_gives_the_best_point_reached(penalty, problem, interrupt, number):
    X, y = problem
    with pytest.raises(FitInterrupted) as caught:
        fit_logistic(X, y, **penalty, tol=1e-12, callback=at_iteration(number, interrupt))
    result = caught.value.result
    assert isinstance(caught.value, KeyboardInterrupt)
    assert isinstance(result, LogisticResult)
    assert result.status is Status.INTERRUPTED
    assert not result.converged
    assert result.n_iter >= number
    assert result.objective == pytest.approx(objective(X, y, result.coef, result.intercept, **penalty), rel=1e-12)
    assert result.objective <= null_objective(y) * (1 + 1e-12)


@pytest.mark.parametrize("interrupt", [press_ctrl_c, send_ctrl_c])
def test_ctrl_c_leaves_a_fitted_estimator(parameters, problem, interrupt):
    X, y = problem
    model = LogisticRegression(**parameters, tol=1e-12, callback=at_iteration(2, interrupt))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert model.result_.status is Status.INTERRUPTED
    assert np.array_equal(model.coef_[0], model.result_.coef)
    assert model.n_iter_[0] >= 2
    assert model.n_features_in_ == X.shape[1]
    assert model.classes_.tolist() == [0.0, 1.0]
    assert model.score(X, y) > 0.5


def test_an_interrupted_fit_can_be_taken_up_again(problem):
    X, y = problem
    with pytest.raises(FitInterrupted) as caught:
        fit_logistic(X, y, l2=1e-3, tol=1e-10, callback=at_iteration(2, press_ctrl_c))
    again = fit_logistic(X, y, l2=1e-3, tol=1e-10, start=caught.value.result)
    whole = fit_logistic(X, y, l2=1e-3, tol=1e-10)
    assert again.converged
    assert again.n_iter < whole.n_iter
    np.testing.assert_allclose(again.coef, whole.coef, rtol=1e-4)


def test_an_interruption_survives_pickling(problem):
    X, y = problem
    with pytest.raises(FitInterrupted) as caught:
        fit_logistic(X, y, l2=1e-3, tol=1e-10, callback=at_iteration(1, press_ctrl_c))
    copied = pickle.loads(pickle.dumps(caught.value))
    assert np.array_equal(copied.result.coef, caught.value.result.coef)


SLOW_FIT = """
import sys, threading
import fastlr
from support.problems import make_problem

X, y = make_problem()
begun = threading.Event()

def callback(progress):
    if progress.iteration == 1:
        print("begun", flush=True)
    if progress.iteration >= 1:
        threading.Event().wait(30)

try:
    fastlr.fit_logistic(X, y, l2=1e-3, tol=1e-12, callback=callback)
except fastlr.FitInterrupted as interruption:
    print(interruption.result.status.name, interruption.result.n_iter, flush=True)
"""

ENDLESS_FITS = """
import fastlr
from support.problems import make_problem

X, y = make_problem(20_000, 20)
model = fastlr.LogisticRegression(tol=1e-10, l1_ratio=0.5)
model.fit(X, y)
print("begun", flush=True)
while True:
    model.fit(X, y)
"""


def interrupted(program):
    """Run a program, press Ctrl-C once it prints "begun"; its exit code and what else it printed."""
    options = in_this_folder()
    del options["capture_output"]
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", program], **options, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdout.readline() == "begun\n", process.stderr.read()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    return process.returncode, out, err


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT between processes")
def test_a_signal_from_outside_interrupts_a_fit():
    code, out, err = interrupted(SLOW_FIT)
    assert (code, out) == (0, "INTERRUPTED 1\n"), err


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT between processes")
def test_a_signal_ends_a_program_that_does_nothing_but_fit():
    code, out, err = interrupted(ENDLESS_FITS)
    assert code in (1, -signal.SIGINT), err
    assert out == ""
    assert re.search(r"^(KeyboardInterrupt|fastlr\S*\.FitInterrupted)", err, re.MULTILINE), err


IN_THE_BACKGROUND = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.execv(sys.executable, [sys.executable, "-P", "-m", "pytest", "-q", *sys.argv[1:]])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT between processes")
def test_these_tests_pass_as_a_background_job_of_a_shell_too():
    own = f"{__file__}::test_a_signal_from_outside_interrupts_a_fit"
    options = in_this_folder() | {"cwd": Path(__file__).parents[2]}
    found = subprocess.run([sys.executable, "-P", "-c", IN_THE_BACKGROUND, own], **options, timeout=120)
    assert found.returncode == 0, found.stdout


# --- verbose ----------------------------------------------------------------------------------------------------------


def test_verbose_prints_a_line_per_iteration(parameters, problem, capsys):
    X, y = problem
    model = LogisticRegression(**parameters, verbose=1, tol=1e-10).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= model.n_iter_[0] > 1
    for number, line in enumerate(lines):
        measured = r"passes +[\d.]+ +objective +[\d.]+ +gap +\S+ +target +\S+ +nonzeros +\d+ +seconds +[\d.]+"
        assert re.fullmatch(rf"iteration +{number} +{measured}", line)


def test_the_last_line_of_verbose_is_the_end_of_the_fit(parameters, problem, capsys):
    X, y = problem
    model = LogisticRegression(**parameters, verbose=1).fit(X, y)
    last = capsys.readouterr().out.splitlines()[-1]
    assert f"{model.result_.objective:.10f}" in last
    assert f"iteration {model.n_iter_[0]:3d}" in last


def test_silence_is_the_default(parameters, problem, capsys):
    X, y = problem
    LogisticRegression(**parameters).fit(X, y)
    fit_logistic(X, y, l2=1e-3)
    assert capsys.readouterr() == ("", "")


def test_verbose_and_callback_work_together(problem, capsys):
    X, y = problem
    model = LogisticRegression(verbose=2, callback=at_iteration(1, lambda: True), tol=1e-12).fit(X, y)
    assert model.result_.status is Status.STOPPED
    assert len(capsys.readouterr().out.splitlines()) == 2


# --- threads, forks, workers ------------------------------------------------------------------------------------------


def large():
    """Enough entries for several threads."""
    return make_problem(4000, 40)


def fit_and_send(pipe, X, y, penalty, n_threads):
    pipe.send(coef_of(X, y, penalty, n_threads))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("n_threads", [None, 2])
def test_a_child_forked_after_a_fit_can_fit(penalty, n_threads):
    X, y = large()
    expected = coef_of(X, y, penalty, n_threads=2)
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=fit_and_send, args=(there, X, y, penalty, n_threads))
    child.start()
    try:
        assert here.poll(60), "the child hangs"
        received = here.recv()
    finally:
        child.kill()
        child.join()
    assert np.array_equal(received, expected)
    assert np.array_equal(coef_of(X, y, penalty, n_threads=2), expected)


def test_fits_in_several_threads_at_once_give_the_same_bits(penalty):
    X, y = large()
    expected = coef_of(X, y, penalty)
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(coef_of, X, y, penalty, n_threads) for n_threads in (None, 1, 2, 2) * 3]
        assert all(np.array_equal(job.result(timeout=60), expected) for job in jobs)


def test_different_fits_in_several_threads_do_not_mix():
    problems = [make_problem(500, 10, seed=seed) for seed in range(8)]
    expected = [fit_logistic(X, y, l1=1e-3, l2=1e-3).coef for X, y in problems]
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(fit_logistic, X, y, l1=1e-3, l2=1e-3) for X, y in problems * 5]
        for job, coef in zip(jobs, expected * 5, strict=True):
            assert np.array_equal(job.result(timeout=60).coef, coef)


def test_the_gil_is_released_in_a_fit_that_runs_in_a_thread(penalty):
    """A thread that fits leaves the main thread running: both wait for each other inside the callback."""
    X, y = large()
    reached, go_on = threading.Event(), threading.Event()

    def callback(progress):
        reached.set()
        assert go_on.wait(60)

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(fit_logistic, X, y, **penalty, callback=callback)
        assert reached.wait(60)
        go_on.set()
        assert job.result(timeout=60).converged


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_fits_in_joblib_workers_give_the_same_bits(backend, penalty):
    X, y = large()
    expected = coef_of(X, y, penalty)
    found = Parallel(n_jobs=2, backend=backend, timeout=120)(delayed(coef_of)(X, y, penalty, k) for k in (None, 1, 2))
    assert all(np.array_equal(coef, expected) for coef in found)
