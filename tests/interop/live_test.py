"""aiortc's viewers of `porthole serve` over TURN/TLS, one of whom never reads: the others do not notice."""
import asyncio
import pathlib
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

VIEWERS = 30
FRAMES_PER_SECOND = 15
JOIN_LIMIT_S = 40
CLOSE_LIMIT_S = 10
WATCH_S = 12
# A busy machine may make the viewers themselves late, but nobody may be stopped.
FEWEST_FRAMES = WATCH_S * FRAMES_PER_SECOND * 3 // 4
MOST_GROWTH_KB = 8 << 10


def make_film(path):
    """Small pictures of many bytes: what a viewer costs here is decoding, what it costs the server is bytes."""
    subprocess.run(['ffmpeg', '-v', 'error', '-f', 'lavfi', '-i', f'testsrc=size=160x120:rate={FRAMES_PER_SECOND}',
                    '-vf', 'noise=alls=60:allf=t', '-t', '20', '-c:v', 'libx264', '-profile:v', 'baseline',
                    '-pix_fmt', 'yuv420p', '-b:v', '600k', '-g', str(2 * FRAMES_PER_SECOND), str(path)],
                   check=True, timeout=60)


def is_relayed(protocol):
    return isinstance(protocol.transport, turn.TurnTransport)


class Viewer:
    """A peer connection that has nothing but TURN over TLS."""

    def __init__(self, server, name):
        username, password = credentials(name)
        relay = {'turn_server': (HOST, server.port), 'turn_ssl': unverified(), 'turn_transport': 'tcp',
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
            await track.recv()
            now = time.monotonic()
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


class Live(unittest.TestCase):
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


if __name__ == '__main__':
    unittest.main()
