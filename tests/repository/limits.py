#!/usr/bin/env python3
"""Fails on files over 400 lines, functions over 60, and paths that exist on one machine only."""

import ast
import re
import sys
from pathlib import Path

import cpp_functions
import js_functions
from source_text import ROOT, language, source_files

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
RULE = "CONTRIBUTING.md, Style; tests/repository/limits.py"

DATA_SUFFIXES = {".png", ".jpg", ".mp4", ".h264", ".ivf", ".bin", ".pem"}

# Homes and checkouts. /tmp and the system's own folders exist everywhere.
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(home|root|work|Users)/[\w.]")


def python_functions(text):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(node.name, node.lineno, node.end_lineno) for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]


def shell_functions(text):
    """A function ends at the first brace that stands alone at the depth of its name."""
    found, lines = [], text.split("\n")
    for number, line in enumerate(lines, 1):
        head = re.match(r"(\s*)(?:function\s+)?([\w:-]+)\s*\(\)\s*[{(]\s*$", line)
        if head is None:
            continue
        end = next((n for n, other in enumerate(lines[number:], number + 1) if re.match(head[1] + r"[})]", other)), None)
        found.append((head[2], number, end or len(lines)))
    return found


FUNCTIONS = {
    "cpp": cpp_functions.functions,
    "js": js_functions.functions,
    "python": python_functions,
    "shell": shell_functions,
}


def check_text(path, text):
    """Yields one line of complaint for each limit that this file breaks."""
    for number, line in enumerate(text.split("\n"), 1):
        if MACHINE_PATH.search(line):
            yield f"{path}:{number}: a path that exists on one machine only [{RULE}]"
    kind = language(path, text)
    if kind is None:
        return
    lines = len(text.splitlines())
    if lines > MAX_FILE_LINES:
        yield f"{path}:{lines}: {lines} lines; a file has at most {MAX_FILE_LINES} [{RULE}]"
    try:
        functions = FUNCTIONS[kind](text) if kind in FUNCTIONS else []
    except (cpp_functions.UnbalancedBraces, js_functions.UnbalancedBraces, SyntaxError) as error:
        yield f"{path}:1: its functions cannot be found: {error} [{RULE}]"
        return
    for name, first, last in functions:
        length = last - first + 1
        if length > MAX_FUNCTION_LINES:
            yield f"{path}:{first}: {name} has {length} lines; a function has at most {MAX_FUNCTION_LINES} [{RULE}]"


def check(root, files):
    problems = []
    for path in files:
        if path.suffix in DATA_SUFFIXES or path.name == "package-lock.json":
            continue
        text = (root / path).read_bytes().decode("utf-8", errors="replace")
        if "\0" not in text:
            problems.extend(check_text(path, text))
    return problems


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    problems = check(root, source_files(root))
    print("\n".join(problems) if problems else "Every file and function is within its limit.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
