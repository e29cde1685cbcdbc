"""Finds the functions of C++ text by its braces. The text is as clang-format leaves it, which it need not rely on."""

import re

from source_text import code_only, line_of

_PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)
_ACCESS = re.compile(r"^\s*(?:public|private|protected)\s*:(?!:)")
_TYPE_OR_NAMESPACE = re.compile(
    r"(?:(?:inline|static|const|constexpr|typedef|export|friend)\s+)*(?:namespace|class|struct|union|enum|extern)\b")
# What may stand between a function's parameters and its body.
_AFTER_PARAMETERS = re.compile(
    r"\)\s*(?:(?:const|volatile|override|final|mutable|try|noexcept(?:\s*\([^{}]*\))?|&&?)\s*)*"
    r"(?:->[^{};]*|requires\b[^{};]*)?$")
_CONSTRUCTOR = re.compile(r"\)\s*(?:noexcept\s*)?:(?!:)")
_LAMBDA = re.compile(r"=\s*\[[^\]]*\]\s*(?:\([^{}]*\))?[^(){};]*$")


class UnbalancedBraces(Exception):
    """The text's braces do not match, so nothing can be said about its functions."""


def functions(text):
    """[(head, first line, last line)] of every function that is not inside another; lambdas belong to their function."""
    code = _PREPROCESSOR.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), code_only(text))
    return _Scanner(code).scan()


class _Scanner:
    def __init__(self, code):
        self.code = code
        self.open = []  # (bracket's meaning, where its head begins, where it stands)
        self.head_start = 0
        self.found = []

    def scan(self):
        for match in re.finditer(r"[(){};]", self.code):
            bracket, at = match[0], match.start()
            if bracket == "(":
                self.open.append(("(", at, at))
            elif bracket == "{":
                self.open_brace(at)
            elif bracket == ";":
                self.end_statement(at)
            else:
                self.close(bracket, at)
        if self.open:
            raise UnbalancedBraces("something that is opened is never closed")
        return self.found

    def in_scope(self):
        """Whether declarations stand here: at the top, or directly in a namespace or class."""
        return not self.open or self.open[-1][0] == "scope"

    def end_statement(self, at):
        if self.in_scope():
            self.head_start = at + 1

    def open_brace(self, at):
        if not self.in_scope():
            self.open.append(("inner", at, at))
            return
        head = self.code[self.head_start:at]
        label = _ACCESS.match(head)
        start = self.head_start + (label.end() if label else 0)
        start += len(self.code[start:at]) - len(self.code[start:at].lstrip())
        kind = classify(self.code[start:at])
        self.open.append((kind, start, at))
        if kind == "scope":
            self.head_start = at + 1

    def close(self, bracket, at):
        kind, start, body = self.open.pop() if self.open else ("", 0, 0)
        if (kind == "(") != (bracket == ")") or not kind:
            raise UnbalancedBraces(f"line {line_of(self.code, at)} closes what is not open")
        if kind == "function":
            head = " ".join(self.code[start:body].split())
            self.found.append((head, line_of(self.code, start), line_of(self.code, at)))
        if kind in {"function", "scope"}:
            self.head_start = at + 1


def classify(head):
    """What a brace after this head opens: a "scope" for declarations, a "function", or "inner" (an initializer)."""
    head = _without_template(head).strip()
    head = re.sub(r"\[\[.*?\]\]\s*", "", head)
    if _TYPE_OR_NAMESPACE.match(head) and not head.endswith(")"):
        return "scope"
    if _CONSTRUCTOR.search(head):
        return "function" if head[-1] in ")}" else "inner"
    if _AFTER_PARAMETERS.search(head) or _LAMBDA.search(head):
        return "function"
    return "inner"


def _without_template(head):
    while match := re.match(r"\s*template\s*<", head):
        depth, at = 1, match.end()
        while depth and at < len(head):
            depth += {"<": 1, ">": -1}.get(head[at], 0)
            at += 1
        head = head[at:]
    return re.sub(r"^\s*requires\s+[\w:]+<[^<>]*>\s*", "", head)
