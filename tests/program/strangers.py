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


class Hop:
    """Passes TCP on to a port, where `judge` says 'pass' to the first bytes of a connection; or 'reset', 'swallow'."""

    def __init__(self, to, judge=lambda first: 'pass'):
        self._to, self._judge = to, judge
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port = self._listener.getsockname()[1]
        self._stopped = False
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(connection,), daemon=True).start()

    def _carry(self, client):
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

    def close(self):
        self._listener.close()


class Stranger:
    """Answers every connection with the same bytes, whatever it was asked."""

    def __init__(self, answer, drip=False):
        self._answer, self._drip = answer, drip
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.settimeout(LIMIT_S)
            asked = connection.recv(65536)
            answer = self._answer(asked) if callable(self._answer) else self._answer
            if not self._drip:
                connection.sendall(answer)
                return
            for byte in answer:
                connection.sendall(bytes([byte]))
                time.sleep(0.05)

    def close(self):
        self._listener.close()


class ConnectProxy:
    """An HTTP proxy for CONNECT alone; `refusal` is a status line's end that everybody gets."""

    def __init__(self, refusal=None):
        self._refusal = refusal
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.url = f'http://user:secret@127.0.0.1:{self._listener.getsockname()[1]}'
        self.asked = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(connection,), daemon=True).start()

    def _carry(self, client):
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

    def close(self):
        self._listener.close()
