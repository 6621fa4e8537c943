"""Checks an export of the journal as an outsider would: by its documentation, with nothing of Readmit's.

usage: check_export.py SCHEMA EXPORT...   (several exports are parts of one, in order)
"""
import hashlib
import json
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jsonschema import Draft202012Validator


def number(value):
    return value.to_bytes(8, "big")


def text(value):
    if value is None:
        return b"\xff" * 8
    data = value.encode()
    return number(len(data)) + data


def link(previous, entry):
    detail = json.dumps(entry["detail"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    parts = [text(entry[key]) for key in ("actor", "kind", "case", "account")] + [text(detail)]
    data = b"readmit-journal-1" + previous + number(entry["seq"]) + number(entry["at"]) + b"".join(parts)
    return hashlib.sha256(data).digest()


def check(lines, validator, previous, seq):
    for line in lines:
        validator.validate(line)
    header, entries = lines[0], lines[1:]
    if header["redacted"]:
        assert [entry["seq"] for entry in entries] == list(range(header["after"] + 1, header["after"] + 1 + len(entries)))
        return None, None
    start = bytes.fromhex(header["previous"])
    assert previous is None or (previous, seq) == (start, header["after"]), "the parts do not follow each other"
    previous, seq = start, header["after"]
    for entry in entries:
        seq += 1
        assert entry["seq"] == seq, f"entry {seq} is missing"
        previous = link(previous, entry)
        assert previous.hex() == entry["hash"], f"entry {seq} was changed"
    head = header["head"]
    signed = b"readmit-journal-head-1" + number(head["seq"]) + bytes.fromhex(head["hash"])
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(header["public_key"]))
    key.verify(bytes.fromhex(head["signature"]), signed)
    if seq == head["seq"]:
        assert previous.hex() == head["hash"], "it does not lead to its head"
    return previous, seq


validator = Draft202012Validator(json.load(open(sys.argv[1])))
Draft202012Validator.check_schema(validator.schema)
previous = seq = None
for name in sys.argv[2:]:
    lines = [json.loads(line) for line in open(name, encoding="utf-8")]
    previous, seq = check(lines, validator, previous, seq)
print(json.dumps({"last": seq}))
