#!/usr/bin/env bash
# Builds the kernels with AddressSanitizer and UndefinedBehaviorSanitizer in a copy and runs the kernel and design tests.
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
    "$bin/python" -m pytest -q -p no:cacheprovider tests/test_kernels.py tests/test_matrices.py tests/test_special.py \
    tests/test_label_kernels.py tests/test_merging.py tests/test_softmax.py tests/test_many_predictions.py
