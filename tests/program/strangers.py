"""What stands between a client and a server, or in the place of one."""
import contextlib
import socket
import struct
import threading
import time

LIMIT_S = 20
# SO_LINGER without a wait: the connection is reset when it is closed.
RESET = struct.pack('ii', 1, 0)


def pump(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class Listener:
    """A port on which each connection is handled by a thread of its own."""

    def __init__(self):
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, client):
        raise NotImplementedError

    def close(self):
        self._listener.close()


class Hop(Listener):
    """Passes TCP on to a port, where `judge` says 'pass' to the first bytes of a connection; or 'reset', 'swallow'."""

    def __init__(self, to, judge=lambda first: 'pass'):
        self._to, self._judge = to, judge
        super().__init__()

    def _handle(self, client):
        with client, contextlib.suppress(OSError):
            client.settimeout(LIMIT_S)
            first = client.recv(65536)
            verdict = self._judge(first)
            if verdict == 'reset':
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                return
            while verdict == 'swallow' and client.recv(65536):
                pass
            if verdict != 'pass':
                return
            with socket.create_connection(('127.0.0.1', self._to), LIMIT_S) as server:
                server.sendall(first)
                back = threading.Thread(target=pump, args=(server, client), daemon=True)
                back.start()
                pump(client, server)
                back.join(LIMIT_S)


class Stranger(Listener):
    """Answers every connection with the same bytes, whatever it was asked."""

    def __init__(self, answer, drip=False):
        self._answer, self._drip = answer, drip
        super().__init__()

    def _handle(self, client):
        with client, contextlib.suppress(OSError):
            client.settimeout(LIMIT_S)
            asked = client.recv(65536)
            answer = self._answer(asked) if callable(self._answer) else self._answer
            if not self._drip:
                client.sendall(answer)
                return
            for byte in answer:
                client.sendall(bytes([byte]))
                time.sleep(0.05)


class ConnectProxy(Listener):
    """An HTTP proxy for CONNECT alone; `refusal` is a status line's end that everybody gets."""

    def __init__(self, refusal=None):
        self._refusal = refusal
        self.asked = []
        super().__init__()
        self.url = f'http://user:secret@127.0.0.1:{self.port}'

    def _handle(self, client):
        with client, contextlib.suppress(OSError):
            client.settimeout(LIMIT_S)
            head = b''
            while not head.endswith(b'\r\n\r\n'):
                head += client.recv(1)
            self.asked.append(head.decode())
            if self._refusal:
                client.sendall(f'HTTP/1.1 {self._refusal}\r\nContent-Length: 0\r\n\r\n'.encode())
                return
            host, port = head.split()[1].decode().rsplit(':', 1)
            with socket.create_connection((host, int(port)), LIMIT_S) as server:
                client.sendall(b'HTTP/1.1 200 Connection established\r\n\r\n')
                back = threading.Thread(target=pump, args=(server, client), daemon=True)
                back.start()
                pump(client, server)
                back.join(LIMIT_S)
