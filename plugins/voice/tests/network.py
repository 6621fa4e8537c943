#!/usr/bin/env python3
"""A bad network between two hosts, for tests: two network namespaces, and a wire between them on which packets are lost,
late, and overtake each other. Needs root, and iproute2.

    network.py NEAR FAR [--loss PERCENT] [--delay MS] [--jitter MS]

It makes the namespaces NEAR (10.83.0.1) and FAR (10.83.0.2), writes `ready`, and carries packets until its standard input
ends. Then it takes the namespaces away and writes {"lost": 12, "overtaken": 7}.

The kernel's own way, sch_netem, is missing in many kernels; a tun device in each namespace is in all of them. The same
packets are lost every time, as far as the same packets are sent.
"""

import argparse
import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

ADDRESSES = ("10.83.0.1", "10.83.0.2")
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    """Moves this process into a namespace; devices that it opened stay where they are."""
    with open(f"/run/netns/{namespace}") as handle:
        if LIBC.setns(handle.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")


def host(namespace, own, other):
    """Makes a namespace with one end of the wire, and returns that end."""
    subprocess.run(["ip", "netns", "add", namespace], check=True)
    enter(namespace)
    wire = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(wire, TUNSETIFF, struct.pack("16sH22x", b"wire", IFF_TUN | IFF_NO_PI))
    for command in (
        "link set lo up",
        f"address add {own} peer {other} dev wire",
        "link set wire up",
    ):
        subprocess.run(["ip", *command.split()], check=True)
    return wire


def carry(wires, weather):
    """Carries packets until standard input ends."""
    chance = random.Random(1)
    waiting, number, sent = [], 0, [0, 0]
    counts = {"lost": 0, "overtaken": 0}
    while True:
        timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select([0, *wires], [], [], timeout)
        if 0 in readable and not os.read(0, 1024):
            return counts
        for side, wire in enumerate(wires):
            if wire not in readable:
                continue
            packet = os.read(wire, 65536)
            if chance.uniform(0, 100) < weather.loss:
                counts["lost"] += 1
                continue
            number += 1
            due = time.monotonic() + (weather.delay + chance.uniform(0, weather.jitter)) / 1000
            heapq.heappush(waiting, (due, number, 1 - side, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, order, side, packet = heapq.heappop(waiting)
            counts["overtaken"] += order < sent[side]
            sent[side] = max(sent[side], order)
            os.write(wires[side], packet)


def main():
    """Reads the arguments and runs the network."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("near")
    parser.add_argument("far")
    parser.add_argument("--loss", type=float, default=0, help="how many of a hundred packets are lost")
    parser.add_argument("--delay", type=float, default=0, help="how late a packet is at least, in ms")
    parser.add_argument("--jitter", type=float, default=0, help="how much later some are; past 20, they overtake each other")
    weather = parser.parse_args()
    names = (weather.near, weather.far)
    try:
        wires = [host(name, ADDRESSES[end], ADDRESSES[1 - end]) for end, name in enumerate(names)]
        print("ready", flush=True)
        print(json.dumps(carry(wires, weather)), flush=True)
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
