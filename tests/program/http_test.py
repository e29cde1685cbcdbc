"""HTTP as a program meets it: WHEP's status codes, and limits that hold."""
import json
import unittest

from program import offer, serving

SDP = {'Content-Type': 'application/sdp'}
FRAGMENT = 'application/trickle-ice-sdpfrag'


class Whep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._serving = serving('--max-viewers', '2')
        cls.server = cls._serving.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls._serving.__exit__(None, None, None)

    def post(self, body, headers=None, path='/whep/test-pattern'):
        return self.server.request('POST', path, body, SDP if headers is None else headers)

    def assert_refused(self, answer, status, words):
        self.assertEqual(answer[0], status, answer[2])
        self.assertIn(words, json.loads(answer[2])['error'])

    def test_an_offer_gets_an_answer_and_a_session_of_its_own(self):
        status, headers, body = self.post(offer())
        self.assertEqual(status, 201, body)
        self.assertEqual(headers['Content-Type'], 'application/sdp')
        self.assertRegex(headers['Location'], r'^/whep/test-pattern/[A-Za-z0-9][A-Za-z0-9_-]{22}$')
        self.assertRegex(headers['ETag'], r'^"[^"]+"$')
        self.assertRegex(headers['Link'], rf'^<turn:127.0.0.1:{self.server.port}\?transport=tcp>; rel="ice-server"; '
                                          r'username="\d+:[^"]+"; credential="[^"]+"; credential-type="password"$')
        self.assertIn('a=ice-lite', body.decode())
        self.assertIn(f' 127.0.0.1 {self.server.port} typ host', body.decode())

        session = headers['Location']
        # USERNAME travels in clear, and whoever knows the session's id may end it.
        self.assertNotIn(session.rsplit('/', 1)[1], headers['Link'])
        self.assertEqual(self.server.request('PATCH', session, 'a=end-of-candidates\r\n',
                                             {'Content-Type': FRAGMENT, 'If-Match': headers['ETag']})[0], 204)
        self.assertEqual(self.server.request('PATCH', session, '',
                                             {'Content-Type': FRAGMENT, 'If-Match': '"another"'})[0], 412)
        self.assertEqual(self.server.request('PATCH', session, '', {'Content-Type': FRAGMENT})[0], 428)
        self.assertEqual(self.server.request('GET', session)[0], 405)
        self.assertEqual(self.server.request('DELETE', session)[0], 200)
        self.assertEqual(self.server.request('DELETE', session)[0], 404)

    def test_what_is_wrong_with_an_offer_is_said(self):
        self.assert_refused(self.post('v=0\r\nnonsense'), 400, 'session description')
        self.assert_refused(self.post(''), 400, 'session description')
        self.assert_refused(self.post(offer(), {'Content-Type': 'text/plain'}), 415, 'application/sdp')
        self.assert_refused(self.post(offer(), path='/whep/no-such-stream'), 404, 'does not exist')
        self.assert_refused(self.post(offer(), path='/whep/test-pattern?path=carrier-pigeon'), 400, 'path')
        neither = offer().replace('H264/', 'H266/').replace('VP8/', 'VP7/')
        self.assert_refused(self.post(neither), 406, 'VP8')
        self.assertEqual(self.post('v=0\r\n' + 'a=x\r\n' * 20000)[0], 413)

    def test_a_full_server_asks_to_come_back_later(self):
        sessions = [self.post(offer())[1]['Location'] for _ in range(2)]
        status, headers, body = self.post(offer())
        self.assertEqual(status, 503, body)
        self.assertGreater(int(headers['Retry-After']), 0)
        for session in sessions:
            self.assertEqual(self.server.request('DELETE', session)[0], 200)

    def test_pages_of_other_sites_may_ask(self):
        status, headers, _ = self.server.request('OPTIONS', '/whep/test-pattern')
        self.assertEqual(status, 204)
        self.assertEqual(headers['Access-Control-Allow-Origin'], '*')
        self.assertIn('POST', headers['Access-Control-Allow-Methods'])
        self.assertEqual(headers['Accept-Post'], 'application/sdp')
        self.assertIn('Location', self.post('')[1]['Access-Control-Expose-Headers'])

    def test_operators_and_pages_find_what_they_need(self):
        status, _, body = self.server.request('GET', '/healthz')
        self.assertEqual((status, json.loads(body)['status']), (200, 'ok'))
        stream = json.loads(self.server.request('GET', '/api/v1/streams')[2])[0]
        self.assertEqual(stream['name'], 'test-pattern')
        users = {json.loads(self.server.request('GET', '/ice')[2])[0]['username'] for _ in range(3)}
        self.assertEqual(len(users), 3)
        servers = json.loads(self.server.request('GET', '/ice')[2])
        self.assertTrue(servers[0]['urls'][0].startswith('turn:127.0.0.1:'))
        self.assertEqual(self.server.request('GET', '/')[0], 200)
        self.assertEqual(self.server.request('GET', '/test-pattern')[0], 200)
        self.assertEqual(self.server.request('GET', '/no-such-stream')[0], 404)
        self.assertEqual(self.server.request('GET', '/assets/../../secret')[0], 404)
        self.assertEqual(self.server.request('POST', '/', 'x')[0], 405)


if __name__ == '__main__':
    unittest.main()
