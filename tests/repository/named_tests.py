#!/usr/bin/env python3
"""Fails when a document names a test that is not there, or a source file: promises point at what holds them."""

import fnmatch
import re
import sys

from source_text import ROOT, line_of, source_files

DOCUMENTS = ["SECURITY.md", "docs/rfc-map.md"]

# `turn.TurnCaps.ChallengesPerSource`, `sim.OverTurn/PeersThatAreNotOurs.*`, `interop.flood`
FOLDERS = "base|crypto|wire|turn|ice|rtc|node|io|media|server|sim|program|interop|browser|lab|fuzz_replay"
NAMED_TEST = re.compile(rf"`(({FOLDERS})\.[A-Za-z0-9_.*/-]+)`")
# `turn/server.cpp` `handle_stun`: below src/.
NAMED_SOURCE = re.compile(r"`([a-z_]+/[a-z0-9_]+\.[ch]pp)`")

GTEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)")
CMAKE_NAME = re.compile(r"(?:foreach\(\w+|porthole_interop_test\(|porthole_(?:browser|lab)_test\(|fuzz_target\()\s*([\w.\s-]+)")


def gtest_names(files):
    """Folder.Suite.Test, as CTest lists them but for the prefix and suffix of parameterized ones."""
    for name in map(str, files):
        match = re.match(r"tests/(?:unit/(\w+)|(sim))/.*_test\.cpp$", name)
        if match:
            for suite, test in GTEST.findall((ROOT / name).read_text(encoding="utf-8")):
                yield f"{match[1] or match[2]}.{suite}.{test}"


def script_names():
    """What tests/LABEL/CMakeLists.txt registers for scripts: LABEL.NAME."""
    for label in ("program", "interop", "browser", "lab"):
        text = (ROOT / "tests" / label / "CMakeLists.txt").read_text(encoding="utf-8")
        for match in CMAKE_NAME.finditer(text):
            yield from (f"{label}.{word}" for word in match[1].split())
    for folder in (ROOT / "tests" / "fuzz" / "corpus").iterdir():
        yield f"fuzz_replay.{folder.name}"
    for transport in ("udp", "tcp", "tls", "dtls"):
        yield f"interop.turnutils.{transport}"


def without_parameters(name):
    """sim.OverTurn/PeersThatAreNotOurs.* is the suite PeersThatAreNotOurs, whatever it is instantiated with."""
    folder, rest = name.split(".", 1)
    suite, _, test = rest.partition(".")
    return f"{folder}.{suite.split('/')[-1]}" + (f".{test.split('/')[0]}" if test else "")


def main():
    tests = {*gtest_names(source_files(ROOT)), *script_names()}
    problems = []
    for document in DOCUMENTS:
        text = (ROOT / document).read_text(encoding="utf-8")
        for match in NAMED_TEST.finditer(text):
            if not fnmatch.filter(tests, without_parameters(match[1])):
                problems.append(f"{document}:{line_of(text, match.start())}: there is no test {match[1]}")
        for match in NAMED_SOURCE.finditer(text):
            if not (ROOT / "src" / match[1]).exists():
                problems.append(f"{document}:{line_of(text, match.start())}: there is no src/{match[1]}")
    print("\n".join(problems) if problems else f"{' and '.join(DOCUMENTS)} name only what is there.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
