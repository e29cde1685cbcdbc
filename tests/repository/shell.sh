#!/usr/bin/env bash
# Fails when shellcheck finds fault with a shell script.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mapfile -d '' scripts < <(git grep -z -l -I -E '^#(! ?/usr/bin/env bash|!/bin/(ba)?sh| shellcheck shell=)')
shellcheck -x "${scripts[@]}"
echo "shellcheck has read ${#scripts[@]} scripts."
