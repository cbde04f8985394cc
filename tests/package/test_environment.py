"""What the process may use: threads, processors and CPU levels."""

import io
import os
import threading

import pytest
from support.kernels import cpu_levels
from support.processes import run_python

from fastlr import _environment, kernels
from fastlr._environment import available_cpus, choose_cpu_level, resolve_threads

BUILT = ["baseline", "v3", "v4"]


def allowed_cpus():
    """CPUs without OMP_NUM_THREADS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("OMP_NUM_THREADS", raising=False)
        return available_cpus()


# --- threads --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_threads", [1, 2, 7])
def test_a_number_of_threads_is_taken_as_it_is(n_threads):
    assert resolve_threads(n_threads) == n_threads


@pytest.mark.parametrize(
    "n_threads, cpus, expected", [(-1, 8, 8), (-2, 8, 7), (-8, 8, 1), (-9, 8, 1), (-100, 8, 1), (-1, 1, 1)]
)
def test_negative_numbers_count_back_from_all_cpus(monkeypatch, n_threads, cpus, expected):
    monkeypatch.setattr(_environment, "available_cpus", lambda: cpus)
    assert resolve_threads(n_threads) == expected


def test_none_is_all_cpus_in_the_main_thread_and_one_in_others(monkeypatch):
    monkeypatch.setattr(_environment, "available_cpus", lambda: 5)
    elsewhere = []
    thread = threading.Thread(target=lambda: elsewhere.extend([resolve_threads(None), resolve_threads(3)]))
    thread.start()
    thread.join()
    assert resolve_threads(None) == 5
    assert elsewhere == [1, 3]


@pytest.mark.parametrize("text, limit", [("1", 1), ("1,4", 1), ("", None), ("0", None), ("-3", None), ("many", None)])
def test_omp_num_threads_is_a_limit_where_it_is_a_positive_number(monkeypatch, text, limit):
    everything = allowed_cpus()
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert available_cpus() == (limit or everything)


def test_omp_num_threads_grants_no_more_cpus_than_there_are(monkeypatch):
    everything = allowed_cpus()
    monkeypatch.setenv("OMP_NUM_THREADS", "4096")
    assert available_cpus() == everything


def with_files(monkeypatch, files):
    """Reads of _environment find these files and no others."""

    def fake_open(path, *_):
        if path not in files:
            raise FileNotFoundError(path)
        return io.StringIO(files[path])

    monkeypatch.setattr(_environment, "open", fake_open, raising=False)
    monkeypatch.setattr(_environment, "_cgroup_limit_in", lambda second: _environment._cgroup_limit())


@pytest.mark.parametrize(
    "files, limit",
    [
        ({}, None),
        ({"/sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        ({"/sys/fs/cgroup/cpu.max": "300000 100000\n"}, 3),
        ({"/sys/fs/cgroup/cpu.max": "150000 100000\n"}, 2),
        ({"/sys/fs/cgroup/cpu.max": "10000 100000\n"}, 1),
        ({"/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "250000\n", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, 3),
    ],
    ids=["none", "v2 max", "v2 three", "v2 one and a half", "v2 a tenth", "v1 unlimited", "v1 two and a half"],
)
def test_the_control_group_limits_the_cpus(monkeypatch, files, limit):
    with_files(monkeypatch, files)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)
    assert available_cpus() == (limit or 64)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no CPU affinity on this system")
def test_affinity_limits_the_cpus():
    script = """
import os
from fastlr._environment import available_cpus
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
print(available_cpus())
"""
    assert run_python(script, OMP_NUM_THREADS=None).stdout.strip() == "1"


FORK = """
import os, warnings
import numpy as np
warnings.simplefilter("ignore")
from fastlr import fit_logistic
from fastlr._environment import resolve_threads
rng = np.random.default_rng(0)
X = rng.standard_normal((20_000, 10))
y = (X[:, 0] + rng.standard_normal(20_000) > 0).astype(float)
parent = fit_logistic(X, y, l2=1e-3, n_threads=2)
assert resolve_threads(2) == 2
child = os.fork()
if child == 0:
    same = [resolve_threads(2), resolve_threads(None), resolve_threads(-1)] == [1, 1, 1]
    same = same and np.array_equal(fit_logistic(X, y, l2=1e-3, n_threads=2).coef, parent.coef)
    os._exit(0 if same else 3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert resolve_threads(2) == 2
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_fits_on_one_thread_and_ends():
    done = run_python(FORK, timeout=60)
    assert done.returncode == 0, done.stderr


JOBLIB = """
import os
import joblib
import numpy as np
from fastlr import fit_logistic
from fastlr._environment import resolve_threads

os.environ.pop("OMP_NUM_THREADS", None)
rng = np.random.default_rng(0)
X = rng.standard_normal((20_000, 10))
y = (X[:, 0] + rng.standard_normal(20_000) > 0).astype(float)

def work(seed):
    coef = fit_logistic(X, y, l2=1e-3).coef.tobytes()
    return os.getpid(), os.environ.get("OMP_NUM_THREADS"), resolve_threads(None), coef

here = fit_logistic(X, y, l2=1e-3).coef.tobytes()
for options, share in {options}:
    with joblib.parallel_config(**options):
        for pid, limit, threads, coef in joblib.Parallel(n_jobs=2)(joblib.delayed(work)(seed) for seed in range(4)):
            if options["backend"] == "loky":
                assert pid != os.getpid()
                assert threads == int(limit), (options, limit, threads)
            assert threads == (share or int(limit)), (options, limit, threads)
            assert coef == here
"""


def test_fits_in_joblib_workers_use_the_share_that_loky_grants_them():
    cases = [({"backend": "loky"}, None), ({"backend": "loky", "inner_max_num_threads": 1}, 1)]
    if allowed_cpus() > 1:
        cases.append(({"backend": "loky", "inner_max_num_threads": 2}, 2))
    done = run_python(JOBLIB.replace("{options}", repr(cases)), timeout=120)
    assert done.returncode == 0, done.stderr


def test_fits_in_joblib_threads_use_one_thread_each():
    done = run_python(JOBLIB.replace("{options}", repr([({"backend": "threading"}, 1)])), timeout=120)
    assert done.returncode == 0, done.stderr


# --- CPU levels -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "supported, built, expected",
    [
        (4, BUILT, "v4"),
        (3, BUILT, "v3"),
        (0, BUILT, "baseline"),
        (4, ["baseline", "v3"], "v3"),
        (4, BUILT[:1], "baseline"),
    ],
)
def test_the_highest_level_that_is_built_and_supported_is_chosen(monkeypatch, supported, built, expected):
    monkeypatch.delenv("FASTLR_CPU", raising=False)
    assert choose_cpu_level(supported, built) == expected
    monkeypatch.setenv("FASTLR_CPU", "")
    assert choose_cpu_level(supported, built) == expected


@pytest.mark.parametrize("wanted", BUILT)
def test_fastlr_cpu_forces_a_level(monkeypatch, wanted):
    monkeypatch.setenv("FASTLR_CPU", wanted)
    assert choose_cpu_level(4, BUILT) == wanted


@pytest.mark.parametrize(
    "wanted, supported, built",
    [("v5", 4, BUILT), ("V4", 4, BUILT), ("v4", 3, BUILT), ("v3", 0, BUILT), ("v3", 4, ["baseline", "v4"])],
)
def test_a_level_that_cannot_run_is_an_import_error_that_names_those_that_can(monkeypatch, wanted, supported, built):
    monkeypatch.setenv("FASTLR_CPU", wanted)
    with pytest.raises(ImportError, match=rf"FASTLR_CPU='{wanted}'.*baseline"):
        choose_cpu_level(supported, built)


def test_the_level_in_use_can_run_here():
    assert kernels.cpu_level in cpu_levels()
    assert kernels.products_dense.__name__ == f"fastlr.kernels._{kernels.cpu_level}.products_dense"


FIT = """
import numpy as np
from fastlr import fit_logistic, kernels
rng = np.random.default_rng(0)
X = rng.standard_normal((500, 8))
y = (X[:, 0] + rng.standard_normal(500) > 0).astype(float)
print(kernels.cpu_level, kernels.linalg_vector.__name__)
for penalty in ({"l2": 1e-2}, {"l1": 1e-2}):
    print(*fit_logistic(X, y, tol=1e-14, **penalty).coef.tolist())
"""


def test_every_level_can_be_forced_and_fits_the_same_model():
    fitted = []
    for level in cpu_levels():
        done = run_python(FIT, FASTLR_CPU=level)
        assert done.returncode == 0, done.stderr
        names, *coefs = done.stdout.splitlines()
        assert names == f"{level} fastlr.kernels._{level}.linalg_vector"
        fitted.append([float(number) for line in coefs for number in line.split()])
    for other in fitted[1:]:
        assert other == pytest.approx(fitted[0], rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("wanted", ["v5", *(level for level in BUILT if level not in cpu_levels())])
def test_importing_under_a_level_that_cannot_run_fails(wanted):
    done = run_python("import fastlr.kernels", FASTLR_CPU=wanted)
    assert done.returncode != 0
    assert f"ImportError: FASTLR_CPU={wanted!r}" in done.stderr
