"""Forward mode from the outside: an independent TURN client (aioice) reaches the named peer and nothing else."""
import asyncio
import base64
import contextlib
import gc
import hmac
import json
import resource
import socket
import tempfile
import time
import unittest

from aioice import stun, turn

from echo import Echo, Inbox
from program import forwarding, run

LIMIT_S = 5
SECRET = '0123456789abcdef'
IDLE = 10_000
# What each of them may cost, with what the allocator keeps for it.
MOST_KILOBYTES_EACH = 8
# The first bytes of an Allocate that never goes on.
BEGINNING = bytes.fromhex('000300082112a442')


@contextlib.contextmanager
def many_files(count):
    """Lets this process have so many open; False where the system does not."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < count:
        yield False
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], count), before[1]))
    try:
        yield True
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


class Forward(unittest.TestCase):
    def setUp(self):
        self.secret = tempfile.NamedTemporaryFile('w')
        self.secret.write(SECRET + '\n')
        self.secret.flush()
        self.addCleanup(self.secret.close)

    def echo(self, host='127.0.0.1'):
        made = Echo(host)
        self.addCleanup(made.close)
        return made

    def credentials(self):
        _, output, _ = run('ice-servers', '--secret-file', self.secret.name, '--url', 'turn:127.0.0.1:1')
        (server,) = json.loads(output)
        return server['username'], server['credential']

    async def endpoint(self, server, transport='udp', password=None):
        username, good = self.credentials()
        return await turn.create_turn_endpoint(Inbox, ('127.0.0.1', server.port), username, password or good,
                                               transport=transport)

    async def talk(self, server, peer, transport='udp'):
        """Sends 50 datagrams of several sizes to the peer and returns where it was relayed from."""
        allocation, inbox = await self.endpoint(server, transport)
        try:
            for i in range(50):
                data = bytes([i]) * (1 + 23 * i)
                allocation.sendto(data, peer)
                got = await asyncio.wait_for(inbox.received.get(), LIMIT_S)
                self.assertEqual(got, (data, peer))
            return allocation.get_extra_info('sockname')
        finally:
            allocation.close()

    def test_datagrams_reach_the_named_peer_and_come_back(self):
        echo = self.echo()
        with forwarding('--to', echo.written, '--secret-file', self.secret.name) as server:
            for transport in ('udp', 'tcp'):
                with self.subTest(transport=transport):
                    relayed = asyncio.run(self.talk(server, echo.address, transport))
                    self.assertIn(relayed, echo.heard_from)
                    self.assertEqual(relayed[0], '127.0.0.1')
            self.assertEqual(server.log(), '')

    def test_ipv6_peers_are_reached_from_an_ipv6_address(self):
        try:
            echo = self.echo('::1')
        except OSError:
            self.skipTest('this machine has no IPv6')
        with forwarding('--to', echo.written, '--secret-file', self.secret.name) as server:
            relayed = asyncio.run(self.talk(server, echo.address))
            self.assertEqual(relayed[0], '::1')

    def test_a_peer_that_is_not_named_is_refused(self):
        named, other = self.echo(), self.echo()
        with forwarding('--to', named.written, '--secret-file', self.secret.name) as server:

            async def try_it():
                allocation, inbox = await self.endpoint(server)
                with self.assertLogs('asyncio', 'ERROR') as logged:
                    allocation.sendto(b'hello', other.address)
                    await asyncio.sleep(0.2)
                    # aioice leaves the refusal of its ChannelBind to nobody.
                    gc.collect()
                self.assertTrue(inbox.received.empty())
                self.assertIn('403', ''.join(logged.output))

            asyncio.run(try_it())
            self.assertEqual(other.heard_from, set())

    def test_what_strangers_send_to_a_relayed_address_goes_nowhere(self):
        echo = self.echo()
        with forwarding('--to', echo.written, '--secret-file', self.secret.name) as server:

            async def try_it():
                allocation, inbox = await self.endpoint(server)
                allocation.sendto(b'mine', echo.address)
                self.assertEqual((await asyncio.wait_for(inbox.received.get(), LIMIT_S))[0], b'mine')
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                    stranger.sendto(b'not yours', allocation.get_extra_info('sockname'))
                allocation.sendto(b'still mine', echo.address)
                self.assertEqual((await asyncio.wait_for(inbox.received.get(), LIMIT_S))[0], b'still mine')

            asyncio.run(try_it())

    def test_a_wrong_password_gets_nothing(self):
        with forwarding('--to', '127.0.0.1:5000', '--secret-file', self.secret.name) as server:
            with self.assertRaises(stun.TransactionFailed) as refused:
                asyncio.run(self.endpoint(server, password='guessed'))
            self.assertEqual(refused.exception.response.attributes['ERROR-CODE'][0], 401)

    def test_whatever_a_client_calls_itself_nothing_of_it_is_logged(self):
        with forwarding('--to', '127.0.0.1:5000', '--secret-file', self.secret.name, '--log-level', 'debug') as server:
            before = server.log()
            for name in ('a\r\n[error] forged', '%s%n{}', '\x1b[31m', 'x' * 400):
                username = f'{int(time.time()) + 3600}:{name}'
                digest = hmac.new(SECRET.encode(), username.encode(), 'sha1').digest()
                password = base64.b64encode(digest).decode()
                asyncio.run(self.allocate(server, username, password))
                with self.assertRaises(stun.TransactionFailed):
                    asyncio.run(self.allocate(server, username, 'guessed'))
            self.assertEqual(server.log(), before)
            self.assertTrue(server.is_running())

    async def allocate(self, server, username, password):
        allocation, _ = await turn.create_turn_endpoint(Inbox, ('127.0.0.1', server.port), username, password,
                                                        transport='udp')
        allocation.close()

    def test_ten_thousand_idle_connections_take_nothing_from_who_was_let_in(self):
        echo = self.echo()
        with contextlib.ExitStack() as stack:
            if not stack.enter_context(many_files(IDLE + 200)):
                self.skipTest('this system lets nobody have so many files')
            server = stack.enter_context(forwarding(
                '--to', echo.written, '--secret-file', self.secret.name, '--max-connections', '20000',
                '--max-connections-per-address', '20000'))
            asyncio.run(self.talk(server, echo.address))
            before = server.resident_kilobytes()
            for _ in range(IDLE):
                idle = stack.enter_context(socket.create_connection(('127.0.0.1', server.port), LIMIT_S))
                idle.sendall(BEGINNING)
            for transport in ('udp', 'tcp'):
                asyncio.run(self.talk(server, echo.address, transport))
            self.assertEqual(server.request('GET', '/healthz')[0], 200)
            self.assertLess(server.resident_kilobytes() - before, IDLE * MOST_KILOBYTES_EACH)
            self.assertEqual(server.log(), '')

    def test_the_start_says_what_is_relayed_where(self):
        with forwarding('--to', '127.0.0.1:5000-5010', '--to', '127.0.0.1:6000', '--secret-file',
                        self.secret.name) as server:
            self.assertEqual(server.url, f'turn:127.0.0.1:{server.port}')

    def test_operators_see_that_it_is_well_and_strangers_get_no_credentials(self):
        with forwarding('--to', '127.0.0.1:5000', '--secret-file', self.secret.name) as server:
            self.assertEqual(server.request('GET', '/healthz')[0], 200)
            status, _, body = server.request('GET', '/ice')
            self.assertEqual(status, 404)
            self.assertNotIn(b'credential":', body)
            self.assertEqual(server.request('GET', '/')[0], 404)

    def test_it_ends_when_it_is_told_to(self):
        with forwarding('--to', '127.0.0.1:5000', '--secret-file', self.secret.name) as server:
            status, seconds = server.stop()
            self.assertEqual(status, 0)
            self.assertLess(seconds, 2)


if __name__ == '__main__':
    unittest.main()
