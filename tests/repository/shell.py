#!/usr/bin/env python3
"""Fails when shellcheck finds fault with a shell script."""

import subprocess
import sys

from source_text import ROOT, language, source_files


def is_shell(path):
    return language(path, (ROOT / path).read_bytes().decode("utf-8", errors="replace")) == "shell"


def main():
    scripts = [str(path) for path in source_files(ROOT) if is_shell(path)]
    status = subprocess.run(["shellcheck", "--external-sources", *scripts], cwd=ROOT, check=False).returncode
    if status == 0:
        print(f"shellcheck has read {len(scripts)} scripts.")
    return status


if __name__ == "__main__":
    sys.exit(main())
