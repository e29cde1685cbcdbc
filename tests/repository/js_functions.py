"""Finds the functions of JavaScript text by its braces, once strings, templates, comments and patterns are blanked."""

import re

from source_text import line_of

_TOKENS = re.compile(
    r"""
      (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<tick>`)
    | (?P<open>\{)
    | (?P<close>\})
    | (?P<pattern>(?:(?<=[=(,:\[!&|?{};])|(?<=return)|(?<==>))\s*/(?![*/])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)
    """,
    re.DOTALL | re.VERBOSE,
)
_TEMPLATE_PART = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(?P<end>`|\$\{)", re.DOTALL)
_NO_FUNCTION = {"if", "for", "while", "switch", "catch", "with"}


class UnbalancedBraces(Exception):
    """The text's braces do not match, so nothing can be said about its functions."""


def functions(text):
    """[(name, first line, last line)] of every function, method and arrow function with a body, also inner ones."""
    code = _blank_literals(text)
    found, open_at = [], []
    for match in re.finditer(r"[{}]", code):
        if match[0] == "{":
            open_at.append(match.start())
            continue
        if not open_at:
            raise UnbalancedBraces(f"line {line_of(code, match.start())} closes what is not open")
        start = open_at.pop()
        name = _function_name(code[max(0, start - 400):start])
        if name:
            found.append((name, line_of(code, start), line_of(code, match.start())))
    if open_at:
        raise UnbalancedBraces("something that is opened is never closed")
    return found


def _function_name(before):
    before = before.rstrip()
    if before.endswith("=>"):
        return "arrow function"
    if not before.endswith(")"):
        return None
    depth, at = 0, len(before)
    while at > 0:
        at -= 1
        depth += {")": 1, "(": -1}.get(before[at], 0)
        if depth == 0:
            break
    word = re.search(r"([\w$#]+)\s*$", before[:at])
    if word is None or word[1] in _NO_FUNCTION:
        return None
    return word[1]


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def _blank_literals(text):
    """The text with the same lines and columns, its literals and comments blanked; code inside templates stays."""
    out, at = [], 0
    braces = []  # For each open brace, whether it belongs to a template's ${.
    while match := _TOKENS.search(text, at):
        out.append(text[at:match.start()])
        at = match.end()
        kind = match.lastgroup
        if kind == "open":
            braces.append(False)
            out.append("{")
        elif kind == "close" and not (braces and braces[-1]):
            if braces:
                braces.pop()
            out.append("}")
        elif kind in {"tick", "close"}:
            if kind == "close":
                braces.pop()
            part = _TEMPLATE_PART.match(text, at)
            if part is None:
                raise UnbalancedBraces(f"line {line_of(text, at)}: a template that never ends")
            if part["end"] != "`":
                braces.append(True)
            out.append(" " + _blank(part[0]))
            at = part.end()
        else:
            out.append(_blank(match[0]))
    out.append(text[at:])
    return "".join(out)
