"""What stands behind a forwarder: an application's socket, and where a TURN client hears it."""
import asyncio
import contextlib
import socket
import threading

LIMIT_S = 5


class Echo:
    """An application's socket on loopback that sends back what it hears, and remembers from whom."""

    def __init__(self, host='127.0.0.1'):
        family = socket.AF_INET6 if ':' in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self.address = self._socket.getsockname()[:2]
        self.heard_from = set()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                data, sender = self._socket.recvfrom(65536)
                if data == b'':
                    return
                self.heard_from.add(sender[:2])
                self._socket.sendto(data, sender)

    @property
    def written(self):
        host, port = self.address
        return f'[{host}]:{port}' if ':' in host else f'{host}:{port}'

    def close(self):
        # An empty datagram to itself is the end.
        self._socket.sendto(b'', self.address)
        self._thread.join(LIMIT_S)
        self._socket.close()


class Inbox(asyncio.DatagramProtocol):
    def __init__(self):
        self.received = asyncio.Queue()

    def datagram_received(self, data, addr):
        self.received.put_nowait((data, addr[:2]))
