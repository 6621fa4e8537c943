"""Compares answers of readmit with their schemas: validate.py SCHEMAS ANSWERS."""

import json
import pathlib
import sys

from jsonschema import Draft202012Validator

schemas, answers = map(pathlib.Path, sys.argv[1:])
wrong = []
for file in sorted(answers.glob("*.json")):
    schema = json.loads((schemas / (file.name.split(".")[0] + ".json")).read_text())
    Draft202012Validator.check_schema(schema)
    text = file.read_text()
    try:
        documents = [json.loads(text)]
    except json.JSONDecodeError:
        documents = [json.loads(line) for line in text.splitlines()]
    for document in documents:
        for error in Draft202012Validator(schema).iter_errors(document):
            wrong.append(f"{file.name}: {error.json_path}: {error.message}")
print("\n".join(wrong[:50]))
sys.exit(bool(wrong))
