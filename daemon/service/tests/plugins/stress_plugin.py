"""A plugin that behaves as badly as it is told to: the first argument names the way.

It speaks the protocol by hand, so that nothing of the daemon's own code vouches for it. What it saw it appends to the
file that the setting `log` names, one JSON object a line, for the test to read.
"""

import json
import os
import socket
import subprocess
import sys
import time

MODE = sys.argv[1]
INPUT, OUTPUT = sys.stdin.buffer, sys.stdout.buffer
SETTINGS = {}
WAITING = []  # requests that are held back


def raw(data):
    OUTPUT.write(data)
    OUTPUT.flush()


def send(**message):
    raw(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")


def answer(request, result):
    send(id=request["id"], result=result)


def end(request, disposition, **more):
    answer(request, {"disposition": disposition, **more})


def progress(identity, phase):
    send(method="progress", params={"id": identity, "phase": phase})


def note(what, **more):
    if "log" in SETTINGS:
        with open(SETTINGS["log"], "a") as log:
            log.write(json.dumps({"what": what, "pid": os.getpid(), **more}) + "\n")


def told():
    """How often anything was noted before, by earlier lives of this plugin."""
    try:
        return [json.loads(line) for line in open(SETTINGS["log"])]
    except FileNotFoundError:
        return []


def hear():
    line = INPUT.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)


def check(identity, digits, number="c1"):
    """Asks, and handles nothing else until the answer is there."""
    send(id=number, method="check", params={"id": identity, "digits": digits})
    while True:
        message = hear()
        if message.get("id") == number and "method" not in message:
            return message
        WAITING.append(message)


def initialize(request):
    global SETTINGS
    SETTINGS = request["params"]["settings"]
    channels = SETTINGS.get("channels", ["email", "voice"])
    if MODE == "no_hello":
        note("started")
        sys.exit(3)
    if MODE == "silent_hello":
        note("started")
        while True:
            hear()
    if MODE == "wrong_version":
        send(id=request["id"], error={"code": -32001, "message": "this plugin speaks protocol 7"})
        return
    if MODE == "lying_hello":
        answer(request, {"name": "x", "version": "1", "channels": channels, "admin": True})
        return
    if MODE == "no_channels":
        answer(request, {"name": "x", "version": "1", "channels": []})
        return
    if MODE in ("most_channels", "many_channels"):
        channels = [f"c{number}" for number in range(16 if MODE == "most_channels" else 17)]
    if MODE == "environment":
        note("environment", names=sorted(os.environ))
    if MODE == "grandchild":
        # The test reads the other end, which ends when everyone who holds this one is gone.
        subprocess.Popen(["sleep", "1000"], stdout=open(SETTINGS["fifo"], "w"))
    note("started")
    answer(request, {"name": "stress", "version": "1", "channels": channels})


def work(request):
    params = request["params"]
    identity = params["id"]
    note(request["method"], id=identity)
    first = len([entry for entry in told() if entry["what"] == request["method"]]) == 1
    if MODE == "hang_on_work" or MODE == "hang_once" and first:
        while True:
            hear()
    if MODE == "die_on_work" or MODE == "die_once" and first:
        os._exit(4)
    if MODE == "half_frame" and first:
        raw(b'{"jsonrpc": "2.0", "id": ')
        os._exit(5)
    if MODE == "unknown_ids":
        for number in (777, "abc"):
            send(id=number, result={"disposition": "entered"})
    if MODE == "double_answer":
        end(request, "busy" if request["method"] == "call" else "sent")
    if MODE == "unknown_disposition":
        return end(request, "proven")
    if MODE == "extra_member":
        return end(request, "sent", accepted=True)
    if MODE == "error":
        return send(id=request["id"], error={"code": -32603, "message": "failed for ada@example.org 123456"})
    if MODE == "lie_entered":
        return end(request, "entered")
    if MODE == "lie_sent":
        return end(request, "sent")
    if MODE == "flood":
        for number in range(20000):
            progress(identity, "phase_" + "abcdefghij"[number % 10])
    if MODE == "foreign_progress":
        progress("not-mine", "answered")
    if MODE == "phases":
        for phase in ("ringing", "ringing", "answered", "prompting", "Not A Phase!"):
            progress(identity, phase)
    if MODE == "long_line":
        raw(b"x" * (1024 * 1024) + b"\n")
    if MODE == "bad_utf8":
        raw(b"\xff\xfe\n")
    if MODE == "noise":
        raw(b"hello?\n" * 40)
    if MODE == "noise_on_stderr":
        sys.stderr.write("typed 987654 by carol@example.org\n" * 500 + "y" * 200000 + "\n")
        sys.stderr.flush()
        send(method="log", params={"level": "info", "message": "typed 987654 by carol@example.org"})
    if MODE == "check_foreign":
        reply = check("not-mine", "123456")
        note("foreign", refused="error" in reply)
    if MODE == "check_letters":
        reply = check(identity, "12ab56")
        note("letters", refused="error" in reply)
    if MODE == "check_long":
        replies = [check(identity, "1" * digits) for digits in (17, 16)]
        note("long", refused=["error" in reply for reply in replies])
    if MODE == "check_many":
        replies = [check(identity, "111111", f"c{number}") for number in range(10)]
        note("many", accepted=[reply["result"]["accepted"] for reply in replies])
    if MODE == "check_message" and request["method"] == "deliver":
        note("message", refused="error" in check(identity, "123456"))
    if MODE == "die_after_check" and request["method"] == "call":
        check(identity, "123456")
        os._exit(6)
    if MODE in ("typed", "phases") and request["method"] == "call":
        for number, digits in enumerate(("111111", "123456")):
            reply = check(identity, digits, f"c{number}")
            if reply["result"]["accepted"]:
                return end(request, "entered", detail="typed 123456 on " + params["to"])
        return end(request, "wrong_digits")
    if MODE == "wait_for_cancel":
        progress(identity, "ringing")
        HELD[identity] = request
        return
    if MODE == "ignore_cancel":
        progress(identity, "ringing")
        return
    if MODE in ("calls_and_is_unreachable", "rings_and_is_unreachable"):
        for phase in ("calling", "ringing")[: 1 if MODE.startswith("calls") else 2]:
            progress(identity, phase)
        return end(request, "unreachable")
    if MODE == "unreachable":
        return end(request, "unreachable")
    if MODE == "rejected":
        return end(request, "rejected")
    if MODE == "cancelled_unasked" and first:
        return end(request, "cancelled")
    if MODE != "double_answer" or request["method"] != "call":
        end(request, "busy" if request["method"] == "call" else "sent", provider_id="p-" + identity)
    else:
        end(request, "entered")


HELD = {}


def handle(message):
    method = message.get("method")
    if method == "initialize":
        initialize(message)
    elif method in ("deliver", "call"):
        work(message)
    elif method == "cancel":
        note("cancel", id=message["params"]["id"])
        if message["params"]["id"] in HELD:
            end(HELD.pop(message["params"]["id"]), "cancelled")
    elif method == "ping":
        note("ping")
        if MODE == "deaf" and len([entry for entry in told() if entry["what"] == "started"]) == 1:
            while True:
                hear()
        answer(message, {})
    elif method == "shutdown":
        note("shutdown")
        if MODE == "no_shutdown":
            while True:
                time.sleep(1000)
        answer(message, {})
        sys.exit(0)


def serve():
    while True:
        handle(WAITING.pop(0) if WAITING else hear())


def listen(path):
    """Serves a socket, one connection after the other."""
    global INPUT, OUTPUT
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    while True:
        connection, _ = listener.accept()
        INPUT = OUTPUT = connection.makefile("rwb")
        try:
            serve()
        except (SystemExit, ConnectionError):
            pass
        INPUT.close()
        connection.close()


if len(sys.argv) > 2:
    listen(sys.argv[2])
if MODE == "dies_at_once":
    sys.exit(9)
serve()
