#!/usr/bin/env python3
"""Runs clang-tidy over src/, as many files at a time as there are cores; fails on the first word that it says.

usage: tidy.py BUILD_TREE [FOLDER...]   BUILD_TREE has compile_commands.json; FOLDER is one of src/, all by default.
"""

import concurrent.futures
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from source_text import ROOT


def sources_of(tree, folders):
    commands = json.loads((tree / "compile_commands.json").read_text(encoding="utf-8"))
    files = {Path(command["file"]) for command in commands}
    mine = [file for file in files if file.is_relative_to(ROOT / "src") and file.exists()]
    if folders:
        mine = [file for file in mine if file.relative_to(ROOT / "src").parts[0] in folders]
    # The longest first, so that no core is left with one at the end.
    return sorted(mine, key=lambda file: (-file.stat().st_size, file))


def tidy(tree, file):
    begin = time.monotonic()
    # Warnings are the business of g++, which builds this: clang's own are not errors here.
    command = ["clang-tidy", "--quiet", "-p", str(tree), "--extra-arg=-Wno-error", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return file, done.returncode, done.stdout, done.stderr, time.monotonic() - begin


def main():
    tree = Path(sys.argv[1])
    files = sources_of(tree, sys.argv[2:])
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for file, status, out, err, seconds in pool.map(lambda file: tidy(tree, file), files):
            print(f"{seconds:6.1f} s  {file.relative_to(ROOT)}")
            if status != 0:
                failed += 1
                print(out or err)
    print(f"clang-tidy has read {len(files)} files; it finds fault with {failed}.")
    return 1 if failed or not files else 0


if __name__ == "__main__":
    sys.exit(main())
