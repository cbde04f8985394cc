#!/usr/bin/env bash
# Builds the kernels with AddressSanitizer and UndefinedBehaviorSanitizer in a copy; runs the tests of kernels and matrices.
# Usage: tests/sanitize.sh FOLDER_OF_PYTHON
set -euo pipefail
bin="$(cd "$1" && pwd)"
root="$(cd "$(dirname "$0")/.." && pwd)"
copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT
cp -r "$root/fastlr" "$root/tests" "$root/setup.py" "$root/pyproject.toml" "$root/README.md" "$root/LICENSE" "$copy"
cd "$copy"
FASTLR_SANITIZE=address,undefined "$bin/python" setup.py --quiet build_ext --inplace --force
runtime="$(cc -print-file-name=libasan.so)"
LD_PRELOAD="$runtime" ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1 PYTHONMALLOC=malloc PYTHONPATH="$copy" \
    "$bin/python" -m pytest -q -p no:cacheprovider tests/kernels tests/matrix tests/test_special.py tests/test_special_arrays.py \
    tests/presolve/test_merging.py tests/objective/test_softmax.py tests/fit/test_softmax.py tests/estimator/test_class_predictions.py
