"""Checks every file of a directory against the schema of CycloneDX 1.5, and says how many are valid."""

import importlib.resources
import json
import pathlib
import sys

import jsonschema_rs

schemas = importlib.resources.files("cyclonedx.schema") / "_res"


def schema(name):
    return json.loads((schemas / f"{name}.SNAPSHOT.schema.json").read_text())


# What the schema refers to is beside it; nothing is fetched.
home = "http://cyclonedx.org/schema/{}.SNAPSHOT.schema.json"
registry = jsonschema_rs.Registry([(home.format(name), schema(name)) for name in ("spdx", "jsf-0.82")])
validator = jsonschema_rs.validator_for(schema("bom-1.5"), registry=registry, validate_formats=True)
files = sorted(pathlib.Path(sys.argv[1]).iterdir())
for file in files:
    for error in validator.iter_errors(json.loads(file.read_text())):
        sys.exit(f"{file}: {error}")
print(len(files), "valid")
