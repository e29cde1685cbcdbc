"""aiortc's viewers of `porthole serve` over TURN/TLS: one that never reads, one on a slow line, and many whose server
takes a new certificate."""
import asyncio
import contextlib
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import aioice
import aiortc
from aioice import turn
from aiortc import rtcicetransport

from aioice_test import unverified
from forwarding import HOST, SECRET, credentials

sys.path.append(str(pathlib.Path(__file__).parent.parent / 'program'))
from program import serving  # pylint: disable=wrong-import-position
from tls_client import connected, make_certificates, trusting_all  # pylint: disable=wrong-import-position

VIEWERS = 30
FRAMES_PER_SECOND = 15
JOIN_LIMIT_S = 40
CLOSE_LIMIT_S = 10
WATCH_S = 12
# A busy machine may make the viewers themselves late, but nobody may be stopped.
FEWEST_FRAMES = WATCH_S * FRAMES_PER_SECOND * 3 // 4
MOST_GROWTH_KB = 8 << 10

WATCH_A_CERTIFICATE = 20
NOTICED_S = 10

# A line that carries less than half of the film, and what of it the line itself holds.
FILM_BITS_PER_SECOND = 2_500_000
SLOW_BITS_PER_SECOND = 1_000_000
SEGMENT = 1400
LINE_BUFFER = 16 << 10
SLOW_S = 20
# Half a second in the server, what it, its kernel and the line hold, and a keyframe's way: 1.5 s. A machine that
# has other things to do adds to that; what would wait without a bound is 30 s after these 20 s.
LONGEST_DELAY_S = 3


def make_film(path, bits_per_second=600_000):
    """Small pictures of many bytes: what a viewer costs here is decoding, what it costs the server is bytes."""
    subprocess.run(['ffmpeg', '-v', 'error', '-f', 'lavfi', '-i', f'testsrc=size=160x120:rate={FRAMES_PER_SECOND}',
                    '-vf', 'noise=alls=60:allf=t', '-t', '20', '-c:v', 'libx264', '-profile:v', 'baseline',
                    '-pix_fmt', 'yuv420p', '-b:v', str(bits_per_second), '-g', str(2 * FRAMES_PER_SECOND), str(path)],
                   check=True, timeout=60)


def is_relayed(protocol):
    return isinstance(protocol.transport, turn.TurnTransport)


class Line:
    """Carries one TCP connection to the server, and what comes back no faster than it is told."""

    def __init__(self, server_port):
        self._server_port = server_port
        self.bits_per_second = 100_000_000

    async def _serve(self, client, upward):
        loop = asyncio.get_running_loop()
        server = socket.socket()
        # Before it connects: the window, and segments like those of a real network.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LINE_BUFFER)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        server.setblocking(False)
        await loop.sock_connect(server, (HOST, self._server_port))
        up = asyncio.ensure_future(self._up(client, server))
        with contextlib.suppress(OSError, asyncio.CancelledError):
            free_at = loop.time()
            while data := await loop.sock_recv(server, SEGMENT):
                free_at = max(free_at, loop.time()) + len(data) * 8 / self.bits_per_second
                await asyncio.sleep(free_at - loop.time())
                upward.write(data)
                await upward.drain()
        up.cancel()
        server.close()

    @staticmethod
    async def _up(client, server):
        while data := await client.read(SEGMENT):
            await asyncio.get_running_loop().sock_sendall(server, data)

    @contextlib.asynccontextmanager
    async def open(self):
        listener = await asyncio.start_server(self._serve, HOST, 0)
        yield listener.sockets[0].getsockname()[1]
        listener.close()


class Viewer:
    """A peer connection that has nothing but TURN over TLS."""

    def __init__(self, server, name, turn_port=None):
        username, password = credentials(name)
        relay = {'turn_server': (HOST, turn_port or server.port), 'turn_ssl': unverified(), 'turn_transport': 'tcp',
                 'turn_username': username, 'turn_password': password, 'use_ipv6': False,
                 'transport_policy': aioice.TransportPolicy.RELAY}
        rtcicetransport.connection_kwargs = lambda servers: relay
        self._server = server
        self._connection = aiortc.RTCPeerConnection()
        self._connection.addTransceiver('video', direction='recvonly')
        self._connection.on('track', self._on_track)
        self._reading = None
        self.frames = 0
        self.last_frame_at = 0.0
        self.longest_gap_s = 0.0
        # By how much later a frame came than the one that came soonest, seen from its timestamp.
        self.delays_s = []
        self._soonest = None

    async def join(self):
        await self._connection.setLocalDescription(await self._connection.createOffer())
        # aioice keeps sockets of its own and would use them, whatever its policy for candidates.
        agent = self._agent()
        agent._protocols = [protocol for protocol in agent._protocols if is_relayed(protocol)]
        answer = await asyncio.to_thread(self._post, self._connection.localDescription.sdp)
        await self._connection.setRemoteDescription(aiortc.RTCSessionDescription(answer, 'answer'))
        while self.frames == 0:
            await asyncio.sleep(0.05)

    def _post(self, offer):
        request = urllib.request.Request(f'{self._server.origin}/whep/film', offer.encode(),
                                         {'Content-Type': 'application/sdp'}, method='POST')
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read().decode()

    def _on_track(self, track):
        self._reading = asyncio.ensure_future(self._watch(track))

    async def _watch(self, track):
        while True:
            frame = await track.recv()
            now = time.monotonic()
            lateness = now - float(frame.pts * frame.time_base)
            self._soonest = lateness if self._soonest is None else min(self._soonest, lateness)
            self.delays_s.append(lateness - self._soonest)
            if self.frames:
                self.longest_gap_s = max(self.longest_gap_s, now - self.last_frame_at)
            self.frames += 1
            self.last_frame_at = now

    def read(self, wanted):
        for protocol in self._agent()._protocols:
            tls = protocol.transport._TurnTransport__inner_protocol.transport
            tls.resume_reading() if wanted else tls.pause_reading()

    def _agent(self):
        return self._connection.getTransceivers()[0].receiver.transport.transport._connection

    async def close(self):
        if self._reading:
            self._reading.cancel()
        await self._connection.close()


async def watch(server):
    """How many frames each of the others saw while one did not read, and by how much the server grew."""
    viewers = []
    for number in range(VIEWERS + 1):
        viewers.append(Viewer(server, f'viewer-{number}'))
        await asyncio.wait_for(viewers[-1].join(), JOIN_LIMIT_S)
    lazy, *others = viewers
    await asyncio.sleep(1)
    lazy.read(False)
    before = server.resident_kilobytes()
    for viewer in viewers:
        viewer.frames, viewer.longest_gap_s = 0, 0.0
    await asyncio.sleep(WATCH_S)
    growth = server.resident_kilobytes() - before
    seen = [(viewer.frames, viewer.longest_gap_s) for viewer in others]
    unseen = lazy.frames
    # It could not be told that its allocation is gone.
    lazy.read(True)
    await asyncio.wait([asyncio.ensure_future(viewer.close()) for viewer in viewers], timeout=CLOSE_LIMIT_S)
    return seen, unseen, growth


def shown_certificate(server):
    with connected(server, trusting_all(), 'camera.example') as tls:
        return tls.getpeercert(binary_form=True)


async def watch_a_replacement(server, replace):
    """The frames of each viewer since the certificate is another one, and those of one who came afterwards."""
    viewers = [Viewer(server, f'viewer-{number}') for number in range(WATCH_A_CERTIFICATE)]
    for viewer in viewers:
        await asyncio.wait_for(viewer.join(), JOIN_LIMIT_S)
    before = await asyncio.to_thread(shown_certificate, server)
    replace()
    end = time.monotonic() + NOTICED_S
    while await asyncio.to_thread(shown_certificate, server) == before:
        if time.monotonic() > end:
            raise TimeoutError('the certificate was not replaced')
        await asyncio.sleep(0.1)
    for viewer in viewers:
        viewer.frames = 0
    viewers.append(Viewer(server, 'newcomer'))
    await asyncio.wait_for(viewers[-1].join(), JOIN_LIMIT_S)
    await asyncio.sleep(WATCH_S)
    seen = [viewer.frames for viewer in viewers]
    await asyncio.wait([asyncio.ensure_future(viewer.close()) for viewer in viewers], timeout=CLOSE_LIMIT_S)
    return seen


async def watch_on_a_slow_line(server):
    """The delays of the frames that came while the line was slow."""
    line = Line(server.port)
    async with line.open() as port:
        viewer = Viewer(server, 'slow', port)
        await asyncio.wait_for(viewer.join(), JOIN_LIMIT_S)
        await asyncio.sleep(3)
        line.bits_per_second = SLOW_BITS_PER_SECOND
        await asyncio.sleep(2)
        viewer.delays_s.clear()
        await asyncio.sleep(SLOW_S)
        delays = list(viewer.delays_s)
        line.bits_per_second = 100_000_000
        await asyncio.wait([asyncio.ensure_future(viewer.close())], timeout=CLOSE_LIMIT_S)
    return delays


class Live(unittest.TestCase):
    def test_a_viewer_on_a_slow_line_sees_what_is_live(self):
        with tempfile.TemporaryDirectory() as folder:
            film, secret = pathlib.Path(folder, 'film.mp4'), pathlib.Path(folder, 'secret')
            make_film(film, FILM_BITS_PER_SECOND)
            secret.write_text(SECRET + '\n', encoding='ascii')
            with serving('--source', f'film={film}', '--secret-file', str(secret)) as server:
                delays = sorted(asyncio.run(watch_on_a_slow_line(server)))
        print(f'{len(delays)} frames, delay {delays[len(delays) // 2]:.2f} s, at most {delays[-1]:.2f} s')
        self.assertGreaterEqual(len(delays), SLOW_S // 2)
        self.assertLess(delays[-1], LONGEST_DELAY_S)

    def test_thirty_viewers_do_not_notice_one_that_never_reads(self):
        with tempfile.TemporaryDirectory() as folder:
            film, secret = pathlib.Path(folder, 'film.mp4'), pathlib.Path(folder, 'secret')
            make_film(film)
            secret.write_text(SECRET + '\n', encoding='ascii')
            with serving('--source', f'film={film}', '--secret-file', str(secret)) as server:
                seen, unseen, growth = asyncio.run(watch(server))
                log = server.log()
        print(f'frames {min(seen)[0]} to {max(seen)[0]}, longest gap {max(gap for _, gap in seen):.2f} s, '
              f'the one that does not read: {unseen}, memory grew by {growth} KB')
        self.assertEqual(log.count('watches by TURN over TLS'), VIEWERS + 1, log)
        self.assertGreaterEqual(min(seen)[0], FEWEST_FRAMES)
        self.assertLess(unseen, FEWEST_FRAMES // 2)
        self.assertLess(growth, MOST_GROWTH_KB)

    def test_certificates_are_replaced_under_twenty_viewers(self):
        with tempfile.TemporaryDirectory() as folder:
            film, secret, made = pathlib.Path(folder, 'film.mp4'), pathlib.Path(folder, 'secret'), pathlib.Path(folder)
            make_film(film)
            secret.write_text(SECRET + '\n', encoding='ascii')
            make_certificates(made)
            chain, key = made / 'leaf-chain.crt', made / 'leaf.key'

            def replace():
                shutil.copy(made / 'next-chain.crt', chain)
                shutil.copy(made / 'next.key', key)
                server.send_signal(signal.SIGHUP)

            with serving('--source', f'film={film}', '--secret-file', str(secret), '--tls-cert', str(chain),
                         '--tls-key', str(key)) as server:
                seen = asyncio.run(watch_a_replacement(server, replace))
                log = server.log()
        print(f'frames after the new certificate: {min(seen)} to {max(seen)}')
        self.assertEqual(log.count('watches by TURN over TLS'), WATCH_A_CERTIFICATE + 1, log)
        self.assertEqual(log.count('a viewer is gone'), log.count('a viewer is gone (left)'), log)
        self.assertGreaterEqual(min(seen), FEWEST_FRAMES)


if __name__ == '__main__':
    unittest.main()
