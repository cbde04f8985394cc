"""Before any test module of this folder is imported.

bench.environment.clear_blas_overrides would start the process again, and pytest holds its output back: the variables go
here, where nothing is measured and the BLAS that is loaded may stay.
"""

import os

from bench.environment import BLAS_OVERRIDES

for name in BLAS_OVERRIDES:
    os.environ.pop(name, None)
