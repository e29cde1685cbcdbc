#!/usr/bin/env python3
"""Delays packets, which this kernel's queueing disciplines may not be able to: delay.py INTERFACE MILLISECONDS

Makes the interface (tun, IP packets) and writes what it reads there back to it, that much later. Whoever routes packets
into it meets them again, coming from it.
"""

import collections
import fcntl
import os
import select
import struct
import sys
import time

# linux/if_tun.h
TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000

# Longer than any queue that a line should have: beyond it, packets are lost as in any router.
MAX_PACKETS = 4096
MAX_PACKET_BYTES = 65536


def open_interface(name):
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def read_all(tun, queue, delay):
    try:
        while True:
            packet = os.read(tun, MAX_PACKET_BYTES)
            if len(queue) < MAX_PACKETS:
                queue.append((time.monotonic() + delay, packet))
    except BlockingIOError:
        pass


def write_due(tun, queue):
    while queue and queue[0][0] <= time.monotonic():
        try:
            os.write(tun, queue.popleft()[1])
        except OSError:
            pass  # As lost as in any router.


def main():
    tun = open_interface(sys.argv[1])
    delay = float(sys.argv[2]) / 1000
    queue = collections.deque()
    while True:
        wait = max(0.0, queue[0][0] - time.monotonic()) if queue else None
        select.select([tun], [], [], wait)
        read_all(tun, queue, delay)
        write_due(tun, queue)


if __name__ == "__main__":
    main()
