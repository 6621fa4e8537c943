"""Plays a provider of telephone calls, Twilio or Vonage: takes requests for calls as its REST interface does, and calls
back as its webhooks do, signed by the provider's own library (Twilio) or by PyJWT (Vonage).

It obeys one JSON object a line on standard input, and tells what happens as one JSON object a line:

    {"plan": [STEP, ...]}                 what becomes of the next call
    {"answer": {"status": 429, ...}}      what the next request for a call is answered with, instead of taking it
    {"status": {"status": "busy"}}        what questions about a call are answered with

A step is an object with `do`: `status` (with `word` and further `parameters`), `answer`, `keys` (with `digits`),
`silence`, `again` (the last request once more, as it was), `replay` (the same, where the next entry is awaited), `post` (to a `url`), `ended` (wait until somebody ends the
call), `fetch` (the prompts of the last document). `sign` has it signed in another way: `none`, `forged`, `twice`,
`other_url`, `port`, `sha1`, `sha256`, `old`, `no_hash`, `other_body`, `json`.
"""

import argparse
import base64
import hashlib
import http.client
import io
import json
import queue
import socket
import ssl
import sys
import threading
import time
import urllib.parse
import uuid
import wave
import xml.etree.ElementTree as ET
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

arguments = argparse.ArgumentParser()
arguments.add_argument("--kind", choices=["twilio", "vonage"], default="twilio")
arguments.add_argument("--through", required=True, help="where webhooks go: https://HOST:PORT of a proxy, or where one would pass them on to, HOST:PORT or a path")
arguments.add_argument("--trust", help="the certificate of the authority that vouches for the proxy")
arguments.add_argument("--account", default="AC0123456789abcdef0123456789abcdef")
arguments.add_argument("--token", default="", help="the secret of requests")
arguments.add_argument("--secret", default="", help="what webhooks are signed with")
arguments.add_argument("--algorithm", default="HMAC_SHA1")
arguments.add_argument("--public-key", help="a file with the public key of the application")
arguments.add_argument("--tls", nargs=2, help="certificate and key of the interface")
arguments.add_argument("--prism", help="HOST:PORT of a server that holds requests against Twilio's own description")
arguments = arguments.parse_args()

if arguments.kind == "twilio":
    from twilio.request_validator import RequestValidator
else:
    import jwt

PATIENCE = 60
plans, answers = queue.Queue(), queue.Queue()
told, calls, statuses = threading.Lock(), {}, {}


def tell(**event):
    with told:
        print(json.dumps(event), flush=True)


class Many(dict):
    """Names with several values, as web frameworks have them."""

    def getlist(self, name):
        return self[name]


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(arguments.through)


class ProxyConnection(http.client.HTTPSConnection):
    """To a proxy, by its name although it is at another address."""

    def __init__(self, name):
        super().__init__(name, timeout=PATIENCE, context=ssl.create_default_context(cafile=arguments.trust))

    def connect(self):
        place = urllib.parse.urlsplit(arguments.through)
        line = socket.create_connection((place.hostname, place.port), PATIENCE)
        self.sock = self._context.wrap_socket(line, server_hostname=self.host)


def connection(name):
    if arguments.through.startswith("https://"):
        return ProxyConnection(name)
    if arguments.through.startswith("/"):
        return UnixConnection("localhost", timeout=PATIENCE)
    return http.client.HTTPConnection(arguments.through, timeout=PATIENCE)


def send(method, url, body, headers):
    """Sends what was meant for `url` to where the proxy is, or would pass it on; then the host it names is nobody's."""
    parts = urllib.parse.urlsplit(url)
    target = parts.path + ("?" + parts.query if parts.query else "")
    line = connection(parts.hostname)
    host = parts.hostname if isinstance(line, ProxyConnection) else "attacker.example"
    line.request(method, target, body, {"Host": host, **headers})
    answer = line.getresponse()
    content = answer.read()
    shape = sorted(name.lower() for name, _ in answer.getheaders())
    line.close()
    return answer.status, content, shape


class Call:
    def __init__(self, identity, urls, parameters):
        self.id, self.urls, self.parameters = identity, urls, parameters
        self.over, self.document, self.last, self.sent = threading.Event(), None, None, None

    def run(self, plan):
        for step in plan:
            try:
                self.step(step)
            except Exception as error:  # A test has to hear of it.
                tell(event="failed", step=step, error=repr(error))
                return
        tell(event="planned", call=self.id)

    def step(self, step):
        do = step["do"]
        if do == "ended":
            assert self.over.wait(PATIENCE), "nobody ended the call"
        elif do == "fetch":
            for url in self.document["plays"]:
                status, content, _ = send("GET", url, None, {})
                with wave.open(io.BytesIO(content)) as file:
                    tell(event="played", status=status, url=url, seconds=file.getnframes() / file.getframerate())
        elif do == "again":
            self.deliver(step, *self.last)
        elif do == "replay":
            self.send(step, self.document["keys"], *self.sent)
        elif do == "post":
            self.deliver(step, step["url"], step.get("parameters", {}))
        elif do == "status":
            self.deliver(step, self.urls["status"], self.status(step))
        elif do == "answer":
            self.deliver(step, self.urls["answer"], self.answered())
        elif do == "keys":
            self.deliver(step, step.get("url") or self.document["keys"], self.heard(step["digits"]))
        elif do == "silence":
            self.deliver(step, self.document["silence"], self.heard(""))
        else:
            raise ValueError(do)

    def deliver(self, step, url, parameters):
        self.last = (url, parameters)
        body, headers = self.signed(url, parameters, step.get("sign"))
        if step.get("huge"):
            body += b"&x=" + b"x" * 20000
        self.send(step, url, body, headers)

    def send(self, step, url, body, headers):
        self.sent = (body, headers)
        status, content, shape = send(step.get("method", "POST"), url, body, headers)
        document = None
        if status == 200:
            document = self.document = self.read(content)
        tell(event="webhook", step=step["do"], status=status, shape=shape, content=content.decode(), document=document)


class TwilioCall(Call):
    def status(self, step):
        return {**self.parameters, "CallStatus": step["word"], **step.get("parameters", {})}

    def answered(self):
        return {**self.parameters, "CallStatus": "in-progress"}

    def heard(self, digits):
        heard = {**self.parameters, "CallStatus": "in-progress", "msg": "Gather End"}
        return {**heard, "Digits": digits} if digits else heard

    def signed(self, url, parameters, how):
        parameters = {"CallSid": self.id, **parameters}
        algorithm, secret = arguments.algorithm, arguments.secret
        if how in ("sha1", "sha256"):
            algorithm = "HMAC_" + how.upper()
        if how == "forged":
            secret = "another"
        if how == "other_url":
            url += "?x=y"
        if how == "port":
            parts = urllib.parse.urlsplit(url)
            url = parts._replace(netloc=parts.netloc + ":443").geturl()
        body = urllib.parse.urlencode(parameters).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        signature = RequestValidator(secret).compute_signature(url, parameters, algorithm)
        if how == "other_body":
            body = body.replace(b"CallSid=CA", b"CallSid=CB")
        if how != "none":
            headers["X-Twilio-Signature"] = signature
        # What a stranger would like us to believe; which algorithm is in use is not for a header to say.
        headers["X-Twilio-Webhooks-Signature-Settings"] = f"key=k,algorithm={algorithm}"
        return body, headers

    def read(self, content):
        response = ET.fromstring(content)
        assert response.tag == "Response", content
        gather, redirect = response.find("Gather"), response.find("Redirect")
        return {
            "plays": [play.text for play in response.iter("Play")],
            "keys": None if gather is None else gather.get("action"),
            "gather": None if gather is None else dict(gather.attrib),
            "silence": None if redirect is None else redirect.text,
            "hangup": response.find("Hangup") is not None,
        }


class VonageCall(Call):
    def status(self, step):
        return {**self.parameters, "status": step["word"], **step.get("parameters", {})}

    def answered(self):
        return self.parameters

    def heard(self, digits):
        return {**self.parameters, "dtmf": {"digits": digits, "timed_out": not digits}}

    def signed(self, url, parameters, how):
        body = json.dumps({"uuid": self.id, **parameters}).encode()
        now = int(time.time()) - (1000 if how == "old" else 0)
        claims = {
            "iat": now,
            "jti": str(uuid.uuid4()),
            "iss": "Vonage",
            "payload_hash": hashlib.sha256(body + (b" " if how == "other_body" else b"")).hexdigest(),
            "api_key": "a1b2c3d",
            "application_id": arguments.account,
        }
        if how == "no_hash":
            del claims["payload_hash"]
        secret = arguments.secret if how != "forged" else "another secret, as long as the right one"
        token = jwt.encode(claims, secret, algorithm="HS256")
        headers = {"Content-Type": "application/json"}
        if how != "none":
            headers["Authorization"] = f"Bearer {token}"
        return body, headers

    def read(self, content):
        actions = json.loads(content)
        inputs = [action for action in actions if action["action"] == "input"]
        return {
            "plays": [url for action in actions if action["action"] == "stream" for url in action["streamUrl"]],
            "keys": inputs[0]["eventUrl"][0] if inputs else None,
            "gather": inputs[0] if inputs else None,
            "silence": inputs[0]["eventUrl"][0] if inputs else None,
            "hangup": not inputs,
        }


class Interface(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.handle_request()

    def do_PUT(self):
        self.handle_request()

    def do_GET(self):
        self.handle_request()

    def handle_request(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = self.form(body)
        canned = None
        # Told before it is answered: who waits for what follows has then heard of this first.
        tell(event="request", method=self.command, path=self.path, asked=asked)
        if not self.known():
            return self.reply(401, {"code": 20003, "message": "Authenticate", "status": 401})
        if arguments.prism:
            status, verdict = self.described(body)
            tell(event="described", status=status)
            if status >= 400:
                return self.reply(status, verdict)
        creates = self.path.endswith("/Calls.json") or self.path == "/v1/calls"
        if creates and self.command == "POST":
            try:
                canned = answers.get_nowait()
            except queue.Empty:
                return self.create(asked)
            if canned.get("taken"):
                self.create(asked, canned)
            if canned.get("drop"):
                self.close_connection = True
                return None
            return self.reply(canned["status"], canned.get("body", {}), canned.get("headers", {}))
        identity = self.path.rsplit("/", 1)[-1].removesuffix(".json")
        if identity in calls and self.command != "GET":
            word = asked.get("Status") or asked.get("action")
            answered = calls[identity].document is not None
            if word == "canceled" and answered:
                return self.reply(400, {"code": 21220, "message": "Invalid call state", "status": 400})
            calls[identity].over.set()
            return self.reply(200, {"sid": identity, "status": word})
        return self.reply(200, statuses.get("now", {"status": "queued"}))

    def form(self, body):
        if arguments.kind == "vonage":
            return json.loads(body) if body else {}
        asked = urllib.parse.parse_qs(body.decode(), keep_blank_values=True)
        return {name: values if len(values) > 1 else values[0] for name, values in asked.items()}

    def known(self):
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        if arguments.kind == "twilio":
            wanted = base64.b64encode(f"{arguments.account}:{arguments.token}".encode()).decode()
            return scheme == "Basic" and given == wanted
        with open(arguments.public_key, encoding="ascii") as key:
            try:
                claims = jwt.decode(given, key.read(), algorithms=["RS256"], options={"require": ["iat", "exp", "jti"]})
            except jwt.PyJWTError as error:
                tell(event="token", error=repr(error))
                return False
        tell(event="token", claims=claims, header=jwt.get_unverified_header(given))
        return scheme == "Bearer" and claims["application_id"] == arguments.account

    def described(self, body):
        line = http.client.HTTPConnection(arguments.prism, timeout=PATIENCE)
        passed = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
        line.request(self.command, self.path, body or None, passed)
        answer = line.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")

    def create(self, asked, canned=None):
        if arguments.kind == "twilio":
            identity = "CA" + uuid.uuid4().hex
            urls = {"answer": asked["Url"], "status": asked["StatusCallback"]}
            parameters = {"CallSid": identity, "AccountSid": arguments.account, "To": asked["To"], "From": asked["From"],
                          "Direction": "outbound-api", "ApiVersion": "2010-04-01"}
            call = TwilioCall(identity, urls, parameters)
            created = {"sid": identity, "status": "queued"}
        else:
            identity = str(uuid.uuid4())
            urls = {"answer": asked["answer_url"][0], "status": asked["event_url"][0]}
            parameters = {"uuid": identity, "conversation_uuid": "CON-" + str(uuid.uuid4()), "direction": "outbound",
                          "to": asked["to"][0]["number"], "from": asked["from"]["number"]}
            call = VonageCall(identity, urls, parameters)
            created = {"uuid": identity, "status": "started", "direction": "outbound"}
        calls[identity] = call
        if canned is None:
            self.reply(201, created)
        plan = plans.get(timeout=PATIENCE)
        threading.Thread(target=call.run, args=(plan,), daemon=True).start()

    def reply(self, status, content, headers=None):
        content = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()


server = ThreadingHTTPServer(("127.0.0.1", 0), Interface)
if arguments.tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*arguments.tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    # A handshake that fails is the client's to tell of.
    server.handle_error = lambda *_: None
threading.Thread(target=server.serve_forever, daemon=True).start()
tell(event="ready", port=server.server_address[1])
for line in sys.stdin:
    command = json.loads(line)
    if "plan" in command:
        plans.put(command["plan"])
    if "answer" in command:
        answers.put(command["answer"])
    if "status" in command:
        statuses["now"] = command["status"]
