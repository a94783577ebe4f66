"""Reads rendered reports with the parsers that other people's tools use, and holds them against published schemas.

Argument: a directory with rich.FORMAT and calm.FORMAT.
"""

import csv
import json
import sys
from pathlib import Path

from jsonschema import Draft7Validator, FormatChecker
from junitparser import JUnitXml
from lxml import etree
from prometheus_client.parser import text_string_to_metric_families
from sarif_pydantic import Sarif
from tap.parser import Parser


# tests/real/schemas.sh puts them into the environment that this runs in.
SCHEMAS = Path(sys.prefix) / "schemas"
SARIF = Draft7Validator(json.loads((SCHEMAS / "sarif-2.1.0.json").read_text()), format_checker=FormatChecker())
JUNIT = etree.XMLSchema(etree.parse(SCHEMAS / "junit-10.xsd"))


def fits_schemas(directory, name):
    log = json.loads(read(directory, name, "sarif"))
    faults = [f"{list(fault.absolute_path)}: {fault.message}" for fault in SARIF.iter_errors(log)]
    assert not faults, faults
    # The validator sees faults, and not only because everything is one.
    del log["runs"][0]["tool"]["driver"]["name"]
    assert not SARIF.is_valid(log)

    suites = etree.fromstring(read(directory, name, "junit").encode("utf-8"))
    # Younger than the schema; whoever reads it knows it or leaves it out.
    del suites.attrib["skipped"]
    assert JUNIT.validate(suites), JUNIT.error_log
    suites[0].set("no-such-attribute", "x")
    assert not JUNIT.validate(suites)


def read(directory, name, fmt):
    return (directory / f"{name}.{fmt}").read_bytes().decode("utf-8")


def check(directory, name, bad):
    report = json.loads(read(directory, name, "json"))
    rules = len(report["rules"])

    fits_schemas(directory, name)

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
