#!/usr/bin/env python3
"""Fails when clang-format would change a C++ file. With --fix it does change them."""

import subprocess
import sys

from source_text import CPP_SUFFIXES, ROOT, source_files


def main():
    files = [str(path) for path in source_files(ROOT) if path.suffix in CPP_SUFFIXES]
    how = ["-i"] if sys.argv[1:] == ["--fix"] else ["--dry-run", "-Werror"]
    status = subprocess.run(["clang-format", *how, *files], cwd=ROOT, check=False).returncode
    print(f"{len(files)} C++ files are formatted." if status == 0 else "To mend: tests/repository/format.py --fix")
    return status


if __name__ == "__main__":
    sys.exit(main())
