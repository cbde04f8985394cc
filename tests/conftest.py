"""Fixtures shared by the tests."""

import pytest
from helpers import LAYOUTS


@pytest.fixture(params=LAYOUTS)
def layout(request):
    return request.param
