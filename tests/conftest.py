"""Fixtures shared by the tests, and the deselection of cases of scikit-learn's own tests."""

import pytest
import sklearn_deselected
from helpers import LAYOUTS

#: Names of all cases of scikit-learn's own tests, before any is deselected.
SKLEARN_CASES = pytest.StashKey[list[str]]()


@pytest.fixture(params=LAYOUTS)
def layout(request):
    return request.param


def pytest_collection_modifyitems(config, items):
    theirs = [item for item in items if item.path.name == "test_sklearn_own.py"]
    config.stash[SKLEARN_CASES] = [item.name for item in theirs]
    deselected = {id(item) for item in theirs if sklearn_deselected.rule_of(item.name)}
    if deselected:
        config.hook.pytest_deselected(items=[item for item in items if id(item) in deselected])
        items[:] = [item for item in items if id(item) not in deselected]


@pytest.fixture
def sklearn_cases(request):
    """Names of all cases of scikit-learn's own tests."""
    return request.config.stash[SKLEARN_CASES]
