"""Reads rendered reports with the parsers that other people's tools use.

Argument: a directory with rich.FORMAT and calm.FORMAT.
"""

import csv
import json
import sys
from pathlib import Path

from junitparser import JUnitXml
from prometheus_client.parser import text_string_to_metric_families
from sarif_pydantic import Sarif
from tap.parser import Parser


def read(directory, name, fmt):
    return (directory / f"{name}.{fmt}").read_bytes().decode("utf-8")


def check(directory, name, bad):
    report = json.loads(read(directory, name, "json"))
    rules = len(report["rules"])

    log = Sarif.model_validate_json(read(directory, name, "sarif"))
    assert bool(log.runs[0].results) == bad
    assert len(log.runs[0].tool.driver.rules) == rules

    xml = JUnitXml.fromstring(read(directory, name, "junit").encode("utf-8"))
    assert bool(xml.failures) == bad and bool(xml.errors) == bad
    assert sum(len(suite) for suite in xml) == xml.tests

    families = list(text_string_to_metric_families(read(directory, name, "prometheus")))
    assert len({family.name for family in families}) == len(families)
    assert all(sample.timestamp is None for family in families for sample in family.samples)

    lines = list(Parser().parse_text(read(directory, name, "tap")))
    tests = [line for line in lines if line.category == "test"]
    assert [line.number for line in tests] == list(range(1, len(tests) + 1))
    assert all(line.ok for line in tests) != bad

    rows = list(csv.reader(read(directory, name, "csv").splitlines(keepends=True), strict=True))
    assert len(rows) == 1 + sum(1 + len(rule["instances"]) for rule in report["rules"])
    assert len({len(row) for row in rows}) == 1


def main():
    directory = Path(sys.argv[1])
    check(directory, "rich", True)
    check(directory, "calm", False)


main()
