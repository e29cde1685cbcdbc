#!/usr/bin/env python3
"""Shows limits.py functions of every shape, just within the limit and just beyond it, and files likewise."""

import unittest
from pathlib import Path

import cpp_functions
import js_functions
import limits

LIMIT = limits.MAX_FUNCTION_LINES


def cpp_heads(text):
    return [head for head, _, _ in cpp_functions.functions(text)]


def js_lengths(text):
    return {name: last - first + 1 for name, first, last in js_functions.functions(text)}


def complaints(name, text):
    return list(limits.check_text(Path(name), text))


class CppFunctionsTest(unittest.TestCase):
    def assert_found(self, text, *heads):
        self.assertEqual(cpp_heads(text), list(heads))

    def test_finds_every_shape_of_function(self):
        for head in [
            "int f()", "void f(int a) const noexcept", "auto f(A a) -> std::vector<int>", "A::A(int a) : a_(a)",
            "A::A(int a) : a_{a}, b_{}", "A::~A()", "bool operator==(const A& a) const", "operator bool() const",
            "template <class T, class U = A<B<T>>> requires std::integral<T> T f(T t)", "TEST(Suite, KeepsThis)",
            "static constexpr int f()", "auto kLambda = [](int a)", "const auto kNone = [] ", "void f() override final",
            "int f(A a = {}, B b = B{1, 2})", "[[nodiscard]] Result<int, Error> f(Bytes bytes) &&",
            "A::A() noexcept : Base(1)", 'extern "C" int f()', "struct tm f(int a)", "void f() try",
        ]:
            self.assertEqual(len(cpp_heads(head + " {\n  g();\n}\n")), 1, head)

    def test_takes_nothing_else_for_a_function(self):
        for text in ["int a[] = {1, 2};", "const A kTable{f(1), {2, 3}};", "struct A { int b = 0; int c{1}; };",
                     "enum class A : int { one, two };", "namespace a::b { int c; }", "class A final : public B<C> {};",
                     "static const struct Row { int a; } kRows[] = {{1}, {2}};", "#define F() { {\nint a;",
                     "using A = B; void f();", 'extern "C" { int f(); }', "A a{b};"]:
            self.assert_found(text)

    def test_finds_functions_in_classes_and_namespaces(self):
        self.assert_found("namespace a {\nclass B : public C {\n public:\n  B() : x_{1} {}\n  int x() const { return x_; }\n"
                          " private:\n  int x_;\n};\n}\nvoid f() {}", "B() : x_{1}", "int x() const", "void f()")

    def test_counts_lambdas_and_local_types_as_part_of_their_function(self):
        text = "void f() {\n  struct A { int b() { return 1; } };\n  auto g = [&](int a) {\n    return a;\n  };\n}\n"
        self.assertEqual(cpp_functions.functions(text), [("void f()", 1, 6)])

    def test_counts_from_the_first_line_of_the_head(self):
        self.assertEqual(cpp_functions.functions("int a;\n\nint f(int b,\n      int c) {\n}\n"),
                         [("int f(int b, int c)", 3, 5)])

    def test_is_not_misled_by_braces_in_text(self):
        self.assert_found("void f() {\n  // {\n  /* { */\n  a = '{'; b = \"{\\\"{\"; c = R\"x({\"{)x\"; d = 1'000;\n}\nvoid g() {}",
                          "void f()", "void g()")

    def test_refuses_braces_that_do_not_match(self):
        for text in ["void f() {", "}", "void f() { ( }", ")"]:
            self.assertRaises(cpp_functions.UnbalancedBraces, cpp_functions.functions, text)


class JsFunctionsTest(unittest.TestCase):
    def test_finds_every_shape_of_function(self):
        for text, name in [("function f(a) {\n}", "f"), ("class A {\n  #b(c) {\n  }\n}", "#b"),
                           ("const f = async (a) => {\n};", "arrow function"), ("const f = a => {\n};", "arrow function"),
                           ("class A {\n  async *b({c, d} = {}) {\n  }\n}", "b"), ("x = {\n  get a() {\n  }\n}", "a"),
                           ("const f = function (a) {\n};", "function")]:
            self.assertIn(name, js_lengths(text), text)

    def test_takes_no_statement_for_a_function(self):
        self.assertEqual(js_lengths("if (a) {\n}\nfor (;;) {\n}\nwhile (b()) {\n}\nswitch (c) {\n}\nconst d = {e: 1};"), {})

    def test_is_not_misled_by_braces_in_text(self):
        text = "function f() {\n  a = '{' + \"{\" + `{ ${b({c: `}`})} }`; // {\n  return /[/{]\\/{/.test(a) / 2;\n}\nfunction g() {\n}"
        self.assertEqual(js_lengths(text), {"f": 4, "g": 2})


class LimitsTest(unittest.TestCase):
    def assert_limit(self, name, make, most):
        """make(n) has n lines: most of them are fine, and one more is not."""
        self.assertEqual(complaints(name, make(most)), [])
        found = complaints(name, make(most + 1))
        self.assertEqual(len(found), 1, found)
        self.assertIn(f"at most {most}", found[0])

    def test_limits_functions_of_each_language(self):
        self.assert_limit("a.cpp", lambda n: "void f() {\n" + "  g();\n" * (n - 2) + "}\n", LIMIT)
        self.assert_limit("a_test.cpp", lambda n: "TEST(A, B) {\n" + "  g();\n" * (n - 2) + "}\n", LIMIT)
        self.assert_limit("a.mjs", lambda n: "function f() {\n" + "  g();\n" * (n - 2) + "}\n", LIMIT)
        self.assert_limit("a.py", lambda n: "def f():\n" + "    g()\n" * (n - 1), LIMIT)
        self.assert_limit("a", lambda n: "#!/usr/bin/env bash\nf() {\n" + "  g\n" * (n - 2) + "}\n", LIMIT)

    def test_limits_files(self):
        for name in ["a.cpp", "a.hpp", "a.js", "a.py", "a.sh", "a.css", "a.html", "CMakeLists.txt"]:
            self.assert_limit(name, lambda n: "\n" * n, limits.MAX_FILE_LINES)

    def test_leaves_documents_and_data_alone(self):
        self.assertEqual(complaints("README.md", "text\n" * 1000), [])

    def test_says_where_and_where_the_rule_stands(self):
        text = "int a;\nvoid f() {\n" + "  g();\n" * LIMIT + "}\n"
        self.assertRegex(complaints("src/a.cpp", text)[0], r"^src/a\.cpp:2: void f\(\) has 62 lines.*CONTRIBUTING\.md")

    def test_refuses_what_it_cannot_judge(self):
        self.assertIn("cannot be found", complaints("a.cpp", "void f() {\n")[0])
        self.assertIn("cannot be found", complaints("a.py", "def f(:\n")[0])

    def test_refuses_paths_of_one_machine(self):
        for path in ["home/ann/film.mp4", "root/x", "work/checkout", "Users/ann"]:
            self.assertEqual(len(complaints("README.md", f"see /{path} there")), 1, path)
        for text in ["/tmp/x", "https://host/home/x", "a/work/b", "$HOME/work/x", "/var/lib/x"]:
            self.assertEqual(complaints("README.md", text), [], text)


if __name__ == "__main__":
    unittest.main()
