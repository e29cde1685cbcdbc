#!/usr/bin/env bash
# Fails when clang-format would change a C++ file. To let it: git ls-files '*.cpp' '*.hpp' | xargs clang-format -i
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
git ls-files -z '*.cpp' '*.hpp' | xargs -0 -r clang-format --dry-run -Werror
echo "Every C++ file is formatted."
