"""scikit-learn's own tests of LogisticRegression, from its wheel, with our class in place of theirs.

Cases that pin what is theirs alone are deselected in conftest.py by the rules of sklearn_deselected.py.
"""

import importlib.util
from unittest import mock

import pytest
import sklearn
import sklearn.linear_model
from sklearn_deselected import RULES, VERSIONS, rule_of

import fastlr

THEIRS = "sklearn.linear_model.tests.test_logistic"
#: Cases that must be left at least, so that the file is not lost unnoticed.
FEWEST = 100

if not sklearn.__version__.startswith(VERSIONS):
    pytest.skip(f"the rules are written for scikit-learn {' and '.join(VERSIONS)}", allow_module_level=True)
if importlib.util.find_spec(THEIRS) is None:
    pytest.skip("this scikit-learn comes without its tests", allow_module_level=True)


def second_copy():
    """Their module, executed once more where LogisticRegression means ours."""
    spec = importlib.util.spec_from_file_location("sklearn_own_tests", importlib.util.find_spec(THEIRS).origin)
    module = importlib.util.module_from_spec(spec)
    with mock.patch.object(sklearn.linear_model, "LogisticRegression", fastlr.LogisticRegression):
        spec.loader.exec_module(module)
    return module


def with_listed_values(test):
    """The test, its parameters in lists where they come from generators, which pytest warns of."""
    test.pytestmark = [
        pytest.mark.parametrize(mark.args[0], list(mark.args[1]), **mark.kwargs).mark if mark.args[1:] else mark
        for mark in getattr(test, "pytestmark", [])
    ]
    return test


_theirs = second_copy()
assert _theirs.LogisticRegression is fastlr.LogisticRegression
globals().update({name: with_listed_values(value) for name, value in vars(_theirs).items() if name.startswith("test_")})

# Their filters, not ours: they run with warnings shown.
pytestmark = [pytest.mark.filterwarnings("default"), *(m for m in [_theirs.pytestmark] if m is not None)]


@pytest.fixture
def global_random_seed():
    """scikit-learn's fixture of this name, at its default."""
    return 42


def test_the_file_is_there_and_no_rule_is_stale(sklearn_cases):
    hit = {rule_of(name) for name in sklearn_cases}
    assert [rule.reason for rule in RULES if rule not in hit] == []
    assert sum(rule_of(name) is None for name in sklearn_cases) >= FEWEST
