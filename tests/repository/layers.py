#!/usr/bin/env python3
"""Fails when a folder of src/ includes or names what it may not. ARCHITECTURE.md ("Layers") explains the rules."""

import re
import sys
from pathlib import Path

from source_text import CPP_SUFFIXES, ROOT, code_only, line_of, source_files, without_comments

RULE = "ARCHITECTURE.md, Layers; tests/repository/layers.py"

# What each folder may include besides itself. An entry with a slash is one header, not its folder.
MAY_INCLUDE = {
    "base": [],
    "crypto": ["base"],
    "wire": ["base", "crypto/hmac.hpp"],
    "turn": ["base", "wire", "crypto"],
    "ice": ["base", "wire", "crypto"],
    "rtc": ["base", "wire", "crypto"],
    "node": ["base", "crypto", "wire", "turn", "ice", "rtc"],
    "io": ["base", "wire", "crypto"],
    "check": ["base", "crypto", "wire", "io", "porthole"],
    "media": ["base"],
    "server": ["base", "crypto", "wire", "turn", "ice", "rtc", "node", "io", "media", "porthole"],
    "app": ["porthole"],
    "porthole": [],  # include/porthole, the front door
}

# Nothing here knows a clock, socket, thread, environment, file or random source: time and randomness are arguments.
SANS_IO = {"base", "crypto", "wire", "turn", "ice", "rtc", "node"}

# Libraries by the folder that may use them; a pattern matches what stands between < and >.
THIRD_PARTY = [
    (r"openssl/", {"crypto", "io", "check"}),
    (r"boost/", {"io", "check"}),
    (r"lib(av|sw)[a-z]+/", {"media"}),
    (r"nlohmann/", {"node", "server", "check"}),
    (r"(spdlog|fmt)/", {"server", "app"}),
    (r"prometheus/", {"server"}),
    (r"toml\+\+/", {"server", "app"}),
    (r"CLI/", {"app"}),
]

# The standard headers that can do no I/O. The rest of the standard library is for io/, media/, server/ and app/.
# <atomic> because counters that several workers share wait for nobody, and give one worker what they always gave.
PURE_HEADERS = set(
    """algorithm array atomic bit bitset cassert cctype charconv chrono cinttypes climits cmath compare concepts cstddef
    cstdint cstdlib cstring deque exception functional initializer_list iterator limits list map memory new numbers
    numeric optional queue ranges set source_location span stack stdexcept string string_view tuple type_traits
    typeinfo unordered_map unordered_set utility variant vector version""".split()
)

# Names that a sans-I/O folder may not say, whichever header they came with.
FORBIDDEN_NAMES = [
    ("clock", r"\b(system|steady|high_resolution|utc|tai|gps|file)_clock\b|::now\s*\(|\b(gettimeofday|timespec_get)\b"
              r"|\bclock_(gettime|nanosleep)\b|\btime\s*\(\s*(nullptr|NULL|0|&)|\bclock\s*\(\s*\)"),
    ("sleep", r"\b(sleep_for|sleep_until|usleep|nanosleep)\b"),
    ("socket", r"\b(socket|recvfrom|recvmsg|recvmmsg|sendto|sendmsg|sendmmsg|setsockopt|getaddrinfo|epoll_wait)\s*\("),
    ("thread", r"\b(jthread|mutex|shared_mutex|recursive_mutex|condition_variable|call_once|thread_local)\b"
               r"|\bstd::(thread|async|future|promise)\b"),
    ("random source", r"\b(random_device|mt19937(_64)?|default_random_engine|s?rand|[dlm]rand48|getrandom|getentropy)\b"
                      r"|\bRAND_(priv_)?bytes\b"),
    ("environment", r"\b(secure_)?getenv\b|\bsetenv\b"),
    ("file", r"\b([io]?fstream|fopen|freopen|tmpfile)\b|\bstd::filesystem\b"),
    ("log", r"\b(spdlog|std::(cout|cerr|clog)|f?printf|puts|perror|syslog)\b"),
]

# Documented exceptions: (file, header or kind of name) -> why. One that is no longer needed is an error too.
EXCEPTIONS = {
    ("src/crypto/dtls_context.cpp", "sys/time.h"): "OpenSSL hands out its retransmission timer as a timeval",
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"(?P<quoted>[^"\n]+)"|<(?P<angled>[^>\n]+)>)', re.MULTILINE)


class Checker:
    def __init__(self, root, files, exceptions):
        self.root = root
        self.files = {name for name in map(Path.as_posix, files) if folder_of(name)}
        self.exceptions = exceptions
        self.unused = set(exceptions)
        self.problems = []

    def complain(self, name, line, what, why):
        self.problems.append(f"{name}:{line}: {what}: {why} [{RULE}]")

    def excused(self, name, what):
        self.unused.discard((name, what))
        return (name, what) in self.exceptions

    def run(self):
        graph = {}
        for name in sorted(self.files):
            if folder_of(name) not in MAY_INCLUDE:
                self.complain(name, 1, "unknown folder", "layers.py must say what it may include")
                continue
            text = (self.root / name).read_text(encoding="utf-8")
            graph[name] = self.check_includes(name, without_comments(text))
            if folder_of(name) in SANS_IO:
                self.check_names(name, INCLUDE.sub("", code_only(text)))
        self.check_cycles(graph)
        for name, what in sorted(self.unused):
            self.complain(name, 1, f"the exception for {what} is not needed", "remove it from layers.py")
        return self.problems

    def check_includes(self, name, text):
        """Judges each include; returns [(line, included file)] for those of this repository."""
        own = []
        for match in INCLUDE.finditer(text):
            line = line_of(text, match.start())
            header = match["quoted"] or match["angled"]
            target = self.find(header)
            if target:
                self.check_own(name, line, header, folder_of(target))
                own.append((line, target))
            elif match["quoted"]:
                self.complain(name, line, f'"{header}"', "no such file under src/ or include/; paths begin at src/")
            else:
                self.check_foreign(name, line, header)
        return own

    def find(self, header):
        for place in ("src/", "include/"):
            if place + header in self.files:
                return place + header
        return None

    def check_own(self, name, line, header, to):
        folder = folder_of(name)
        allowed = MAY_INCLUDE[folder]
        if to == folder or to in allowed or header in allowed or self.excused(name, header):
            return
        listed = ", ".join(allowed) or "nothing else of this project"
        self.complain(name, line, f'"{header}"', f"{folder}/ may not include {to}/, only {listed}")

    def check_foreign(self, name, line, header):
        folder = folder_of(name)
        if self.excused(name, header):
            return
        for pattern, folders in THIRD_PARTY:
            if re.match(pattern, header):
                if folder not in folders:
                    self.complain(name, line, f"<{header}>", f"only {', '.join(sorted(folders))} may use this library")
                return
        is_standard = re.fullmatch(r"[a-z_0-9]+", header) is not None
        if folder in SANS_IO and header not in PURE_HEADERS:
            self.complain(name, line, f"<{header}>", f"{folder}/ is sans-I/O, and this is not on the list of pure headers")
        elif folder in {"porthole", "app"} and not is_standard:
            self.complain(name, line, f"<{header}>", f"{folder}/ may include the standard library and no other")
        elif not is_standard and not is_system(header):
            self.complain(name, line, f"<{header}>", "layers.py does not know this library")

    def check_names(self, name, text):
        for kind, pattern in FORBIDDEN_NAMES:
            for match in re.finditer(pattern, text):
                if not self.excused(name, kind):
                    line = line_of(text, match.start())
                    found = match[0].strip()
                    self.complain(name, line, found, f"{folder_of(name)}/ is sans-I/O and may name no {kind}")

    def check_cycles(self, graph):
        """Reports each circle of includes once, at the include that closes it."""
        done, path = set(), []

        def visit(name):
            path.append(name)
            for line, target in graph.get(name, []):
                if target in path:
                    circle = " -> ".join(path[path.index(target):] + [target])
                    self.complain(name, line, "circle of includes", circle)
                elif target not in done:
                    visit(target)
            path.pop()
            done.add(name)

        for name in sorted(graph):
            if name not in done:
                visit(name)


def is_system(header):
    """<sys/socket.h>, <linux/udp.h>, <unistd.h>: the operating system's own."""
    return re.fullmatch(r"((sys|linux|netinet|arpa|net)/)?[a-z0-9_]+\.h", header) is not None


def folder_of(name):
    parts = name.split("/")
    if Path(name).suffix not in CPP_SUFFIXES or len(parts) < 3:
        return None
    return parts[1] if parts[0] in {"src", "include"} else None


def check(root, files=None, exceptions=None):
    return Checker(root, source_files(root) if files is None else files, exceptions or {}).run()


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    problems = check(root, exceptions=EXCEPTIONS)
    print("\n".join(problems) if problems else "Every folder includes only what it may.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
