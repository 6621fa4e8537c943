"""Signs and judges webhooks by Twilio's own library: one JSON object a line in, one out."""

import json
import sys

from twilio.request_validator import RequestValidator


class Many(dict):
    """Names with several values, as web frameworks have them."""

    def getlist(self, name):
        return self[name]


def many(pairs):
    found = Many()
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


for line in sys.stdin:
    asked = json.loads(line)
    validator = RequestValidator(asked["secret"])
    content = asked["body"] if asked.get("body") is not None else many(asked["parameters"])
    if asked["do"] == "sign":
        answer = validator.compute_signature(asked["url"], {} if asked.get("body") else content, asked["algorithm"])
    else:
        answer = validator.validate(asked["url"], content, asked["signature"], asked["algorithm"])
    print(json.dumps(answer), flush=True)
