#!/usr/bin/env python3
"""Feeds layers.py small trees that break its rules, one rule each, and expects it to say so."""

import tempfile
import unittest
from pathlib import Path

import layers


def problems_of(tree, exceptions=None):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in tree.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return layers.check(root, [Path(name) for name in tree], exceptions)


class LayersTest(unittest.TestCase):
    def assert_clean(self, tree, exceptions=None):
        self.assertEqual(problems_of(tree, exceptions), [])

    def assert_complains(self, tree, *words, exceptions=None):
        problems = problems_of(tree, exceptions)
        self.assertEqual(len(problems), 1, problems)
        for word in words:
            self.assertIn(word, problems[0])

    def test_accepts_what_the_house_allows(self):
        self.assert_clean({
            "src/base/a.hpp": "#include <chrono>\n#include <string>\n",
            "src/crypto/hmac.hpp": '#include "base/a.hpp"\n#include <openssl/evp.h>\n',
            "src/wire/a.hpp": '#include "base/a.hpp"\n#include "crypto/hmac.hpp"\n',
            "src/turn/a.cpp": '#include "wire/a.hpp"\n',
            "src/node/a.cpp": '#include "wire/a.hpp"\n#include <nlohmann/json.hpp>\n',
            "src/io/a.hpp": "#include <boost/asio.hpp>\n#include <mutex>\n#include <sys/socket.h>\n",
            "src/server/a.cpp": '#include "io/a.hpp"\n#include <porthole/server.hpp>\n#include <spdlog/spdlog.h>\n',
            "src/app/a.cpp": "#include <CLI/CLI.hpp>\n#include <porthole/server.hpp>\n#include <iostream>\n",
            "include/porthole/server.hpp": "#include <string>\n",
        })

    def test_refuses_a_folder_above(self):
        self.assert_complains(
            {"src/wire/a.cpp": '\n#include "turn/b.hpp"\n', "src/turn/b.hpp": ""},
            "src/wire/a.cpp:2", "turn/b.hpp", "wire/ may not include turn/", "ARCHITECTURE.md")

    def test_refuses_siblings(self):
        for one, other in [("turn", "ice"), ("ice", "rtc"), ("rtc", "turn"), ("node", "io"), ("io", "node")]:
            tree = {f"src/{one}/a.cpp": f'#include "{other}/b.hpp"\n', f"src/{other}/b.hpp": ""}
            self.assert_complains(tree, f"{one}/ may not include {other}/")

    def test_lets_wire_use_hashes_but_not_the_rest_of_crypto(self):
        self.assert_complains({"src/wire/a.cpp": '#include "crypto/dtls.hpp"\n', "src/crypto/dtls.hpp": ""}, "dtls.hpp")

    def test_keeps_the_program_behind_the_front_door(self):
        self.assert_complains({"src/app/a.cpp": '#include "base/b.hpp"\n', "src/base/b.hpp": ""}, "app/ may not")
        self.assert_complains({"include/porthole/a.hpp": '#include "base/b.hpp"\n', "src/base/b.hpp": ""}, "porthole/")
        self.assert_complains({"include/porthole/a.hpp": "#include <boost/asio.hpp>\n"}, "only check, io")

    def test_refuses_circles_between_files(self):
        self.assert_complains({
            "src/base/a.hpp": '#include "base/b.hpp"\n',
            "src/base/b.hpp": '#include "base/c.hpp"\n',
            "src/base/c.hpp": '#include "base/a.hpp"\n',
        }, "src/base/c.hpp:1", "circle", "src/base/a.hpp -> src/base/b.hpp -> src/base/c.hpp -> src/base/a.hpp")

    def test_accepts_two_ways_to_one_header(self):
        self.assert_clean({
            "src/base/a.hpp": '#include "base/b.hpp"\n#include "base/c.hpp"\n',
            "src/base/b.hpp": '#include "base/c.hpp"\n',
            "src/base/c.hpp": "",
        })

    def test_refuses_headers_that_do_io_in_the_core(self):
        for header in ["thread", "mutex", "condition_variable", "random", "fstream", "iostream", "sys/socket.h", "unistd.h",
                       "time.h", "cstdio", "ctime", "semaphore"]:
            self.assert_complains({"src/rtc/a.cpp": f"#include <{header}>\n"}, f"<{header}>", "sans-I/O")

    def test_refuses_names_that_do_io_in_the_core(self):
        for code in ["std::chrono::steady_clock::time_point t;", "auto t = Clock::now();", "auto t = time(nullptr);",
                     "clock_gettime(0, &t);", "int s = socket(1, 2, 3);", "std::mutex m;", "std::thread t;",
                     "std::random_device r;", "int r = rand();", "RAND_bytes(b, 4);", 'auto e = std::getenv("A");',
                     "std::ofstream f;", 'spdlog::info("x");', "std::cerr << 1;", 'printf("x");',
                     "std::condition_variable a;", "thread_local int a;"]:
            problems = problems_of({"src/turn/a.cpp": f"void f() {{\n  {code}\n}}\n"})
            self.assertEqual(len(problems), 1, f"{code}: {problems}")
            self.assertIn("src/turn/a.cpp:2", problems[0])

    def test_ignores_comments_and_strings(self):
        self.assert_clean({"src/turn/a.cpp": "// steady_clock::now()\n/* std::mutex\n#include <thread> */\n"
                                             'auto a = "std::mutex";\nauto b = R"(rand())";\n'})

    def test_takes_no_member_for_a_clock(self):
        self.assert_clean({"src/turn/a.cpp": "auto a = wall.time(now); auto b = frame.time();\n"})

    def test_knows_which_folder_may_use_which_library(self):
        for header in ["boost/asio.hpp", "libavcodec/avcodec.h", "spdlog/spdlog.h", "CLI/CLI.hpp",
                       "openssl/ssl.h", "nlohmann/json.hpp", "toml++/toml.h"]:
            self.assert_complains({"src/base/a.cpp": f"#include <{header}>\n"}, f"<{header}>", "may use this library")
        self.assert_complains({"src/io/a.cpp": "#include <zlib/other.hpp>\n"}, "does not know this library")

    def test_refuses_includes_that_lead_nowhere(self):
        self.assert_complains({"src/base/a.cpp": '#include "b.hpp"\n', "src/base/b.hpp": ""}, "no such file")

    def test_refuses_folders_without_a_rule(self):
        self.assert_complains({"src/misc/a.cpp": ""}, "unknown folder")

    def test_honours_documented_exceptions_and_no_others(self):
        tree = {"src/crypto/a.cpp": "#include <sys/time.h>\n"}
        self.assert_clean(tree, {("src/crypto/a.cpp", "sys/time.h"): "reason"})
        self.assert_clean({"src/crypto/a.cpp": "int r = RAND_bytes(b, 1);\n"},
                          {("src/crypto/a.cpp", "random source"): "reason"})
        self.assert_complains({"src/crypto/a.cpp": ""}, "not needed",
                              exceptions={("src/crypto/a.cpp", "sys/time.h"): "reason"})


if __name__ == "__main__":
    unittest.main()
