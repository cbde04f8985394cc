"""Fixtures shared by the tests; scikit-learn's own tests among the collected ones."""

import signal

import pytest
from sklearn.utils._testing import get_pytest_filterwarning_lines
from support.layouts import LAYOUTS
from support.sklearn_deselected import first_rule, own_case


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard():
    """SIGINT raises KeyboardInterrupt, here and in the processes that tests start.

    A shell without job control starts what runs in the background (`make test &`) with SIGINT ignored, which Python
    and its child processes inherit.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(params=LAYOUTS)
def layout(request):
    return request.param


def pytest_configure(config):
    config.addinivalue_line("markers", "thread_unsafe: used by scikit-learn's own tests")


def pytest_collection_modifyitems(config, items):
    """Deselect those of scikit-learn's own cases that a rule names; the others get its warning filter, not ours."""
    cases = {item: own_case(item) for item in items}
    deselected = {item for item, case in cases.items() if case is not None and first_rule(case) is not None}
    # first among the marks, so that those of a test or of its module come later and win
    filters = pytest.mark.filterwarnings("ignore", *get_pytest_filterwarning_lines())
    for item in cases.keys() - deselected:
        if cases[item] is not None:
            item.add_marker(filters, append=False)
    if deselected:
        config.hook.pytest_deselected(items=list(deselected))
        items[:] = [item for item in items if item not in deselected]
