"""scikit-learn's own tests for LogisticRegression, run on ours.

The file comes with scikit-learn's wheel.  A second copy of it is loaded in which ``LogisticRegression`` is ours, and
its test functions are collected here with their own parameters; conftest.py takes out what sklearn_deselected.py names
and gives the rest scikit-learn's warning filter.
"""

import importlib.util
from pathlib import Path
from unittest import mock

import pytest
import sklearn
import sklearn.linear_model
from sklearn.utils import _array_api
from support.sklearn_deselected import COPY, KNOWN_RELEASES, RULES, first_rule, own_case

import fastlr

PUBLISHED = Path(sklearn.linear_model.__file__).parent / "tests" / "test_logistic.py"

if sklearn.__version__.rpartition(".")[0] not in KNOWN_RELEASES:
    pytest.skip(
        f"no rules for the tests of scikit-learn {sklearn.__version__}, only for {', '.join(KNOWN_RELEASES)}",
        allow_module_level=True,
    )
if not PUBLISHED.exists():
    pytest.skip("this installation of scikit-learn has no tests", allow_module_level=True)


def copy_with_our_class():
    spec = importlib.util.spec_from_file_location(COPY, PUBLISHED)
    module = importlib.util.module_from_spec(spec)
    # lists in the place of generators, which pytest deprecates and which a second collection would find empty
    arrays = list(_array_api.yield_namespace_device_dtype_combinations())
    with (
        mock.patch.object(sklearn.linear_model, "LogisticRegression", fastlr.LogisticRegression),
        mock.patch.object(_array_api, "yield_namespace_device_dtype_combinations", return_value=arrays),
    ):
        spec.loader.exec_module(module)
    return module


published = copy_with_our_class()
pytestmark = published.pytestmark
globals().update({name: value for name, value in vars(published).items() if name.startswith("test_")})


@pytest.fixture
def global_random_seed():
    """The seed that scikit-learn's own runs take by default."""
    return 42


# --- what is run and what is not --------------------------------------------------------------------------------------


@pytest.fixture
def cases(request):
    """All cases of the published file, whichever of them this run was asked for."""
    items = request.node.getparent(pytest.Module).collect()
    return [case for case in map(own_case, items) if case is not None]


def test_our_class_is_the_one_tested():
    assert published.LogisticRegression is fastlr.LogisticRegression


def test_most_of_the_file_is_run(cases):
    assert sum(first_rule(case) is None for case in cases) >= 200


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.reason)
def test_no_rule_is_stale(rule, cases):
    deselected = {case.name for case in cases if first_rule(case) is rule}
    assert deselected
    assert set(rule.tests) <= deselected
