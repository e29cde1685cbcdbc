"""Source files of this repository, and their text without what only people read."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CPP_SUFFIXES = {".cpp", ".hpp"}
JS_SUFFIXES = {".js", ".mjs"}
OTHER_CODE_SUFFIXES = {".cmake", ".css", ".html"}
SKIPPED_FOLDERS = {".git", ".cache", "build", "node_modules"}


def source_files(root):
    """Every file that git tracks or would track, sorted, relative to root; in an unpacked archive, every file."""
    listing = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        paths = [Path(name) for name in listing.stdout.decode().split("\0") if name]
    else:
        everything = (path.relative_to(root) for path in root.rglob("*"))
        paths = [path for path in everything if not SKIPPED_FOLDERS & set(path.parts)]
    return sorted(path for path in set(paths) if (root / path).is_file())


def language(path, text):
    """"cpp", "js", "python", "shell", "other" (code whose functions are not counted) or None (not code)."""
    if path.suffix in CPP_SUFFIXES:
        return "cpp"
    if path.suffix in JS_SUFFIXES:
        return "js"
    first_line = text.partition("\n")[0]
    if path.suffix == ".py" or (first_line.startswith("#!") and "python" in first_line):
        return "python"
    if path.suffix == ".sh" or (first_line.startswith("#!") and first_line.rstrip().endswith("sh")):
        return "shell"
    if path.suffix in OTHER_CODE_SUFFIXES or path.name == "CMakeLists.txt":
        return "other"
    return None


_CPP_TOKENS = re.compile(
    r"""
      (?P<line_comment>//(?:[^\n\\]|\\.|\\\n)*)
    | (?P<block_comment>/\*.*?\*/)
    | (?P<raw>(?:u8|[uUL])?R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)")
    | (?P<string>"(?:[^"\\\n]|\\.)*")
    | (?P<separator>(?<=[0-9a-fA-FxX])'(?=[0-9a-fA-F]))
    | (?P<char>'(?:[^'\\\n]|\\.)+')
    """,
    re.DOTALL | re.VERBOSE,
)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    """C++ text whose comments are spaces; lines and columns stay where they were."""
    return _CPP_TOKENS.sub(lambda m: _blank(m[0]) if m.lastgroup.endswith("comment") else m[0], text)


def code_only(text):
    """C++ text whose comments, and the insides of strings and characters, are spaces."""

    def replace(match):
        if match.lastgroup.endswith("comment") or match.lastgroup == "separator":
            return _blank(match[0])
        return '"' + _blank(match[0][1:-1]) + '"'

    return _CPP_TOKENS.sub(replace, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
