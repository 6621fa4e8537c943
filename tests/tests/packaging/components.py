"""Checks every file of a directory against the schema of CycloneDX, and says how many are valid."""

import pathlib
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

validator = JsonStrictValidator(SchemaVersion.V1_5)
files = sorted(pathlib.Path(sys.argv[1]).iterdir())
for file in files:
    error = validator.validate_str(file.read_text())
    if error is not None:
        sys.exit(f"{file}: {error}")
print(len(files), "valid")
