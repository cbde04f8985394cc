"""The kernels of each CPU level, and the matrices that they are called with."""

import pytest
from support.kernel_cases import (
    COMPRESSED_SHAPES,
    DENSE_LAYOUTS,
    DTYPES,
    FORMS,
    INDEX_TYPES,
    SHAPES,
    CompressedCase,
    DenseCase,
)
from support.kernels import cpu_levels, load_kernels


@pytest.fixture(params=cpu_levels(), scope="module")
def kernels(request):
    return load_kernels(request.param)


@pytest.fixture(params=DTYPES, ids=lambda dtype: dtype.__name__)
def dtype(request):
    return request.param


@pytest.fixture(params=INDEX_TYPES, ids=lambda index: index.__name__)
def index(request):
    return request.param


@pytest.fixture(params=FORMS)
def form(request):
    return request.param


@pytest.fixture(params=DENSE_LAYOUTS)
def dense_cases(request, dtype):
    return [DenseCase(n, p, dtype, request.param) for n, p in SHAPES]


@pytest.fixture
def compressed_cases(dtype, index, form):
    return [CompressedCase(*shape, dtype, index, form) for shape in COMPRESSED_SHAPES]
