"""Sends far more calls at once than a front end has reason to, and counts how they were answered.

Usage: flood.py SOCKET. Prints `flooding` once the first calls are sent, and a JSON object of counts at the end.
       flood.py SOCKET refused. Calls what is for administrators, once; prints the first refusal of too many calls, a JSON
       object of its name and text, and keeps its connections.
"""

import collections
import json
import os
import select
import signal
import socket
import struct
import sys

CONNECTIONS = 100
# What a system bus lets one connection have unanswered.
CALLS = 120
ROUNDS = 2


def string(out, text):
    out += b"\0" * (-len(out) % 4)
    data = text.encode()
    return out + struct.pack("<I", len(data)) + data + b"\0"


def field(out, code, kind, text):
    out += b"\0" * (-len(out) % 8)
    out += bytes([code, 1]) + kind.encode() + b"\0"
    if kind == "g":
        return out + bytes([len(text)]) + text.encode() + b"\0"
    return string(out, text)


def call(serial, destination, path, interface, member, arguments):
    body = b""
    for argument in arguments:
        body = string(body, argument)
    # Alignment counts from the beginning of the message; the fields begin at 16.
    fields = b""
    for code, kind, text in [
        (1, "o", path),
        (2, "s", interface),
        (3, "s", member),
        (6, "s", destination),
        (8, "g", "s" * len(arguments)),
    ]:
        if text:
            fields = field(fields, code, kind, text)
    head = struct.pack("<BBBBIII", ord("l"), 1, 0, 1, len(body), serial, len(fields))
    return head + fields + b"\0" * (-len(fields) % 8) + body


class Connection:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        uid = str(os.getuid()).encode().hex().encode()
        self.socket.sendall(b"\0AUTH EXTERNAL " + uid + b"\r\n")
        assert self.socket.recv(1024).startswith(b"OK")
        self.socket.sendall(b"BEGIN\r\n")
        self.serial = 0
        self.buffer = b""
        bus = "org.freedesktop.DBus"
        self.send(bus, "/org/freedesktop/DBus", bus, "Hello", [])
        self.answer()

    def send(self, *words):
        self.serial += 1
        self.socket.sendall(call(self.serial, *words))

    def exactly(self, length):
        while len(self.buffer) < length:
            more = self.socket.recv(65536)
            assert more, "the bus hung up"
            self.buffer += more
        taken, self.buffer = self.buffer[:length], self.buffer[length:]
        return taken

    def message(self):
        """The next message: `answered`, `told`, or the error's name; and its text."""
        head = self.exactly(16)
        kind, body, fields = head[1], *struct.unpack("<I4xI", head[4:16])
        rest = self.exactly(fields + -fields % 8 + body)
        if kind != 3:
            return "answered" if kind == 2 else "told", ""
        at = rest.index(b"org.")
        text = rest[-body:][4:-1] if body else b""
        return rest[at : rest.index(b"\0", at)].decode(), text.decode()

    def answer(self):
        """The next answer: `answered`, or the error's name."""
        name = "told"
        while name == "told":
            name, _ = self.message()
        return name


def main():
    connections = [Connection(sys.argv[1]) for _ in range(CONNECTIONS)]
    counts = collections.Counter()
    for number in range(ROUNDS):
        for connection in connections:
            for _ in range(CALLS):
                name = "org.readmit.Authentication1"
                words = ["org.readmit.Recovery1", "/org/readmit/Recovery1", name, "Verify"]
                connection.send(*words, ["alice", "123456"])
        if number == 0:
            print("flooding", flush=True)
        for connection in connections:
            counts.update(connection.answer() for _ in range(CALLS))
    print(json.dumps(counts))


def until_refused():
    connections = {it.socket: it for it in (Connection(sys.argv[1]) for _ in range(CONNECTIONS // 4))}
    for connection in connections.values():
        for _ in range(CALLS):
            connection.send("org.readmit.Recovery1", "/org/readmit/Recovery1", "org.readmit.Audit1", "Verify", [])
    while True:
        readable = select.select(list(connections), [], [], 60)[0]
        assert readable, "nothing was refused"
        for ready in readable:
            name, text = connections[ready].message()
            if name.endswith(".RateLimited"):
                print(json.dumps({"name": name, "text": text}), flush=True)
                signal.pause()


if sys.argv[2:] == ["refused"]:
    until_refused()
else:
    main()
