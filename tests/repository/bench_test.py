#!/usr/bin/env python3
"""Holds ./bench to its arithmetic: what is compared with what, what counts as kept, and what becomes of it in files."""

import json
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

from source_text import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from bench import chart, cores, fan_out, figures
from bench.fan_out import Case
from bench.figures import Figure
from bench.viewer_load import Measurement


def costing(processor, **more):
    return Measurement(processor=processor, packets_per_second=300, loss=0.0, **more)


class FiguresTest(unittest.TestCase):
    def test_a_promise_is_kept_up_to_its_bound(self):
        self.assertTrue(Figure("a", 10, "us", 100, "<= 0.1").is_kept())
        self.assertFalse(Figure("a", 10.1, "us", 100, "<= 0.1").is_kept())
        self.assertTrue(Figure("a", 5, "1/s", 5, ">= 1").is_kept())
        self.assertFalse(Figure("a", 4.9, "1/s", 5, ">= 1").is_kept())
        self.assertIsNone(Figure("a", 5, "1/s", 5).is_kept())

    def test_the_file_has_five_fields(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "figures.json")
            figures.write_json([Figure("a/b", 1.5, "us", 3), Figure("c", 1, "%")], file)
            self.assertEqual(json.loads(file.read_text(encoding="ascii")),
                             [{"name": "a/b", "value": 1.5, "unit": "us", "baseline": 3, "ratio": 0.5},
                              {"name": "c", "value": 1, "unit": "%", "baseline": None, "ratio": None}])

    def test_every_figure_is_shown(self):
        own = [Figure(f"fan-out/{server}/100/{column}", 7654, "us") for server in ("a", "b") for column in ("x", "y", "z")]
        shown = figures.show([*own, Figure("fan-out/a/100/against/b", 1234, "us", 100, "<= 0.1")])
        self.assertEqual(shown.count("7,654"), 6)
        self.assertIn("MISSED", shown)
        self.assertIn("1,234", shown)


class FanOutTest(unittest.TestCase):
    def test_rivals_are_met_where_they_carry_most(self):
        results = {Case("direct", 1000): costing(2), Case("direct", 100): costing(1), Case("janus", 100): costing(20),
                   Case("janus", 250): costing(25)}
        ratios = {figure.name: (figure.ratio, figure.promise) for figure in fan_out.comparisons(results)}
        self.assertEqual(ratios["fan-out/direct/1000/against/janus/250"], (2 / 25, "<= 0.1"))
        self.assertEqual(ratios["fan-out/direct/100/against/janus/100"], (1 / 20, "<= 0.1"))

    def test_what_idling_costs_does_not_make_few_viewers_dear(self):
        # 10 viewers: 3,000 packets/s; idling is 3 ms a second, so 1 us a packet of theirs, and 0.01 of a thousand's.
        results = {Case("direct", 10): costing(3), Case("direct", 1000): costing(2.01)}
        ratios = {figure.name: figure.ratio for figure in fan_out.flatness(results, {"direct": 0.003})}
        self.assertAlmostEqual(ratios["fan-out/direct/dearest-against-cheapest"], 3 / 2.01)
        self.assertAlmostEqual(ratios["fan-out/direct/dearest-against-cheapest/beyond-idle"], 1)

    def test_frames_that_are_left_out_are_not_carried(self):
        case = Case("pion", 100)
        self.assertTrue(fan_out.is_carried(case, costing(1, frames_per_second=30, connected=100)))
        self.assertFalse(fan_out.is_carried(case, costing(1, frames_per_second=20, connected=100)))
        self.assertFalse(fan_out.is_carried(case, costing(1, frames_per_second=30, connected=99)))
        self.assertFalse(fan_out.is_carried(case, None))

    def test_medians_are_of_each_field(self):
        runs = [costing(3, gap_p99=1), costing(1, gap_p99=3), costing(2, gap_p99=2)]
        self.assertEqual((fan_out.medians(runs).processor, fan_out.medians(runs).gap_p99), (2, 2))
        self.assertIsNone(fan_out.medians(runs).memory)

    def test_the_busiest_thread_bounds_the_cores(self):
        self.assertEqual(cores.busiest_share({"1": 1.0}, {"1": 4.0, "2": 1.0}), 0.75)


class ChartTest(unittest.TestCase):
    def test_the_picture_is_well_formed_and_to_scale(self):
        text = chart.svg("a <title>", "note", [("100 viewers", [("ours & theirs", 1, "ours"), ("b", 4, "others")])])
        root = xml.etree.ElementTree.fromstring(text)
        bars = [float(bar.get("width")) for bar in root.iter("{http://www.w3.org/2000/svg}rect") if bar.get("rx")]
        self.assertAlmostEqual(bars[1] / bars[0], 4, places=1)


if __name__ == "__main__":
    unittest.main()
