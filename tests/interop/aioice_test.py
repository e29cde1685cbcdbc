"""aioice, a second implementation of TURN and ICE, as client of the forwarder."""
import asyncio
import contextlib
import socket
import ssl
import unittest

import aioice
from aioice import stun, turn

from forwarding import HOST, credentials, forwarding, free_ports

LIMIT_S = 20
SIZES = (1, 2, 3, 100, 1200)
TRANSPORTS = {'udp': {'transport': 'udp'}, 'tcp': {'transport': 'tcp'}, 'tls': {'transport': 'tcp'}}


def unverified():
    """The forwarder signs its certificate itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def options(transport):
    return {**TRANSPORTS[transport], 'ssl': unverified() if transport == 'tls' else False}


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self._transport = transport
        self.senders = set()

    def datagram_received(self, data, addr):
        self.senders.add(addr)
        self._transport.sendto(data, addr)


class Inbox(asyncio.DatagramProtocol):
    """What comes back through the relay."""

    def __init__(self):
        self.received = asyncio.Queue()

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, exc):
        pass

    def datagram_received(self, data, addr):
        self.received.put_nowait((data, addr))


@contextlib.asynccontextmanager
async def echo_at(port):
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=(HOST, port))
    try:
        yield protocol
    finally:
        transport.close()


def refresh_request(lifetime):
    request = stun.Message(message_method=stun.Method.REFRESH, message_class=stun.Class.REQUEST)
    request.attributes['LIFETIME'] = lifetime
    return request


async def whole_life(server, port, transport):
    """Allocates, sends both ways, refreshes and frees; returns what the peer saw as sender, and the relayed address."""
    async with echo_at(port) as echo:
        username, password = credentials(f'aioice-{transport}')
        relay, inbox = await turn.create_turn_endpoint(Inbox, (HOST, server.port), username, password,
                                                       **options(transport))
        client = relay._TurnTransport__inner_protocol
        for size in SIZES:
            data = bytes([size % 256]) * size
            relay.sendto(data, (HOST, port))
            assert await inbox.received.get() == (data, (HOST, port)), f'{size} bytes over {transport}'
        answer, _ = await client.request_with_retry(refresh_request(600))
        assert answer.attributes['LIFETIME'] == 600
        relayed = relay.get_extra_info('sockname')
        answer, _ = await client.request_with_retry(refresh_request(0))
        assert answer.attributes['LIFETIME'] == 0
        client.refresh_handle.cancel()
        client.transport.close()
        return echo.senders, relayed


async def refusal(server, password=None, peer_port=None):
    """The error code that stands in the way of a wrong password, or of a peer that was not named."""
    username, right = credentials('aioice')
    try:
        relay, _ = await turn.create_turn_endpoint(Inbox, (HOST, server.port), username, password or right)
        client = relay._TurnTransport__inner_protocol
        try:
            await client.channel_bind(0x4000, (HOST, peer_port))
        finally:
            await client.delete()
    except stun.TransactionFailed as failed:
        return failed.response.attributes['ERROR-CODE'][0]
    return None


def ice_agent(is_controlling, **more):
    return aioice.Connection(ice_controlling=is_controlling, use_ipv6=False, **more)


async def ice_through(server, port, transport):
    """Two agents, one of them with nothing but its relayed candidate, the other on the port that was named."""
    username, password = credentials('ice')
    ssl_context = options(transport)['ssl']
    near = ice_agent(True, turn_server=(HOST, server.port), turn_username=username, turn_password=password,
                     turn_ssl=ssl_context, turn_transport=TRANSPORTS[transport]['transport'],
                     transport_policy=aioice.TransportPolicy.RELAY)
    far = ice_agent(False)
    await near.gather_candidates()
    await host_on(far, port)
    for one, other in ((near, far), (far, near)):
        for candidate in one.local_candidates:
            await other.add_remote_candidate(candidate)
        await other.add_remote_candidate(None)
        other.remote_username, other.remote_password = one.local_username, one.local_password
    await asyncio.gather(near.connect(), far.connect())
    for sender, receiver, words in ((near, far, b'to the application'), (far, near, b'to the browser')):
        await sender.send(words)
        assert await receiver.recv() == words
    await near.close()
    await far.close()


async def host_on(agent, port):
    """Gathers as aioice does, but on the port that the forwarder was told, which it has no option for."""
    loop = asyncio.get_running_loop()
    _, protocol = await loop.create_datagram_endpoint(lambda: aioice.ice.StunProtocol(agent), local_addr=(HOST, port))
    candidate = aioice.Candidate('1', 1, 'udp', aioice.candidate.candidate_priority(1, 'host'), HOST, port, 'host')
    protocol.local_candidate = candidate
    agent._protocols.append(protocol)
    agent._local_candidates.append(candidate)
    agent._local_candidates_start = agent._local_candidates_end = True


class Aioice(unittest.TestCase):
    def setUp(self):
        self.peer = free_ports()
        context = forwarding(self.peer, 1)
        self.server = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)

    def run_bounded(self, work):
        return asyncio.run(asyncio.wait_for(work, LIMIT_S))

    def test_a_whole_life_over_every_transport(self):
        for transport in TRANSPORTS:
            with self.subTest(transport=transport):
                senders, relayed = self.run_bounded(whole_life(self.server, self.peer, transport))
                self.assertEqual({port for _, port in senders}, {relayed[1]})

    def test_a_wrong_password_is_unauthorized(self):
        self.assertEqual(self.run_bounded(refusal(self.server, password='wrong')), 401)

    def test_a_peer_that_was_not_named_is_forbidden(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind((HOST, 0))
            self.assertEqual(self.run_bounded(refusal(self.server, peer_port=stranger.getsockname()[1])), 403)

    def test_ice_connects_through_a_relayed_candidate_alone(self):
        for transport in TRANSPORTS:
            with self.subTest(transport=transport):
                self.run_bounded(ice_through(self.server, self.peer, transport))


if __name__ == '__main__':
    unittest.main()
