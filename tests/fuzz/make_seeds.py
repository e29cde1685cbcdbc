#!/usr/bin/env python3
"""Writes the first seeds of every fuzz target into corpus/; what fuzzing adds later stands beside them."""

import re
import struct
from pathlib import Path

from dtls_records_seeds import dtls_records_seeds

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
COOKIE = 0x2112A442


def attribute(kind, value=b""):
    return struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)


def stun(kind, *attributes):
    body = b"".join(attributes)
    return struct.pack(">HHI", kind, len(body), COOKIE) + bytes(range(12)) + body


def channel(number, payload):
    message = struct.pack(">HH", number, len(payload)) + payload
    return message + bytes(-len(message) % 4)


def rfc5769():
    text = (TESTS / "unit/wire/stun_vectors.hpp").read_text(encoding="utf-8")
    blocks = re.findall(r"k(\w+)\{\s*((?:0x[0-9a-f]{2},\s*)+)\}", text)
    return {f"rfc5769-{name}": bytes(int(b, 16) for b in re.findall("0x(..)", body)) for name, body in blocks}


PEER = attribute(0x12, bytes.fromhex("000101ec eaa2ffbb".replace(" ", "")))
MESSAGES = {
    "binding": stun(0x0001),
    "allocate": stun(0x0003, attribute(0x19, b"\x11\0\0\0")),
    "allocate-all": stun(0x0003, attribute(0x19, b"\x11\0\0\0"), attribute(0x0D, b"\0\0\x02\x58"), attribute(0x1A),
                         attribute(0x18, b"\x80"), attribute(0x17, b"\x01\0\0\0"), attribute(0x8000, b"\x02\0\0\0")),
    "refresh": stun(0x0004, attribute(0x0D, bytes(4))),
    "permission": stun(0x0008, PEER, PEER),
    "channel-bind": stun(0x0009, attribute(0x0C, b"\x40\0\0\0"), PEER),
    "send": stun(0x0016, PEER, attribute(0x13, b"hello")),
    "error": stun(0x0113, attribute(0x09, b"\0\0\x04\x01"), attribute(0x15, b"nonce"), attribute(0x14, b"realm")),
    "unknown": stun(0x0003, *(attribute(0x7000 + n) for n in range(12))),
    "many": stun(0x0001, *(attribute(0x8022, b"abc") for _ in range(49))),
    "odd-length": stun(0x0001)[:2] + b"\0\2" + stun(0x0001)[4:] + b"ab",
    "behind-fingerprint": stun(0x0001, attribute(0x8028, bytes(4)), attribute(0x8022, b"late")),
    "behind-integrity": stun(0x0001, attribute(0x0008, bytes(20)), attribute(0x8022, b"late"), attribute(0x8028, bytes(4))),
    "cut": stun(0x0001, attribute(0x06, b"abcdefgh"))[:-4],
    "userhash": stun(0x0003, attribute(0x1E, bytes(32)), attribute(0x1D, b"\0\2\0\0"), attribute(0x1C, bytes(32))),
}
STREAM = channel(0x4000, b"abc") + MESSAGES["allocate"] + channel(0x4FFF, b"") + MESSAGES["send"]


def stream_seeds():
    streams = {**MESSAGES, "mixed": STREAM, "cut-mixed": STREAM[:-3], "reserved": channel(0x7FFF, b"12345"),
               "garbage": STREAM + b"GET / HTTP/1.1\r\n", "long": channel(0x4001, bytes(300)) + STREAM}
    turn = {f"{name}-{cut}": bytes([cut, 7, cut]) + stream for name, stream in streams.items() for cut in (0, 255)}
    packets = [MESSAGES["binding"], b"", bytes([22]) * 300, b"\x80"]
    framed = b"".join(struct.pack(">H", len(packet)) + packet for packet in packets)
    ice = {f"ice-{cut}": bytes([cut, 6, cut]) + framed for cut in (0, 255)}
    return {**turn, **ice, "ice-cut": bytes([9, 6, 255]) + framed[:-1]}


def websocket_seeds():
    def frame(first, payload, mask=b"\x12\x34\x56\x78"):
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size)
        return bytes([first]) + length + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))

    streams = {
        "text": frame(0x81, b"12.5"), "ping": frame(0x89, b"hello"), "pong": frame(0x8A, b""), "close": frame(0x88, b"\x03\xe8bye"),
        "parts": frame(1, b"one ") + frame(0x89, b"") + frame(0, b"two ") + frame(0x80, b"three"), "binary": frame(0x82, b"x"),
        "longest": frame(0x81, b"x" * 1024), "too-long": frame(0x81, b"x" * 1025), "control-126": frame(0x89, b"x" * 126),
        "huge": b"\x81\xff" + b"\xff" * 8 + b"mask", "bare": b"\x81\x05Hello", "reserved": frame(0xC1, b"x"),
        "long-form": b"\x81\xfe\0\x05mask" + bytes(5), "utf8": frame(0x81, "é€😀".encode()), "no-utf8": frame(0x81, b"\xed\xa0\x80"),
        "close-short": frame(0x88, b"\x03"), "close-1005": frame(0x88, b"\x03\xed"), "key": b"dGhlIHNhbXBsZSBub25jZQ==",
    }
    return {f"{name}-{cut}": bytes([cut, 7]) + stream for name, stream in streams.items() for cut in (0, 255)}


def first_bytes_seeds():
    openings = [b"GET / ", b"HEAD / ", b"POST /whep", b"PUT / ", b"PATCH /x", b"DELETE /x", b"OPTIONS * ", b"CONNECT x",
                b"TRACE / ", b"PROXY TCP4 ", b"\r\n\r\n\0\r\nQUIT\n!", b"\x16\x03\x01\x02\0\x01", b"\x16\xfe\xfd\0",
                b"\x40\0\0\x04abcd", b"\x80\x60\0\1", b"\x80\xc8\0\1", b"", b"\0", b"\xff" * 13]
    framed = [struct.pack(">H", len(m)) + m for m in MESSAGES.values()]
    return {f"{n:02}": seed[:40] for n, seed in enumerate([*openings, *MESSAGES.values(), *framed])}


def proxy_header_seeds():
    v4, v6 = bytes([192, 0, 2, 1, 203, 0, 113, 5, 220, 4, 1, 187]), bytes(10) + b"\xff\xff\xc0\0\2\1" + bytes(16) + b"\xdc\4\1\xbb"
    lines = {"tcp4": "TCP4 192.0.2.1 203.0.113.5 56324 443", "tcp6": "TCP6 2001:db8::1 ::1 1 2", "unknown": "UNKNOWN",
             "unknown-more": "UNKNOWN " + "f" * 91, "too-long": "UNKNOWN " + "f" * 92, "mapped": "TCP6 ::ffff:192.0.2.1 ::1 0 1",
             "spaces": "TCP4  192.0.2.1 203.0.113.5 1 2", "port": "TCP4 192.0.2.1 203.0.113.5 1 65536"}

    def binary(command, family, payload):
        return b"\r\n\r\n\0\r\nQUIT\n" + bytes([command, family]) + struct.pack(">H", len(payload)) + payload

    binaries = {"v2-tcp4": binary(0x21, 0x11, v4), "v2-tcp6": binary(0x21, 0x21, v6), "v2-local": binary(0x20, 0, b""),
                "v2-more": binary(0x21, 0x11, v4 + b"\4\0\3abc"), "v2-unix": binary(0x21, 0x31, bytes(216)),
                "v2-short": binary(0x21, 0x21, v4), "v2-version": binary(0x31, 0x11, v4),
                "v2-long": binary(0x21, 0x11, v4 + bytes(2036)), "v2-too-long": binary(0x21, 0x11, v4 + bytes(2037))}
    seeds = {**{name: f"PROXY {line}\r\n".encode() for name, line in lines.items()}, **binaries}
    return seeds | {"tcp4-http": seeds["tcp4"] + b"GET / ", "v2-cut": seeds["v2-tcp4"][:-1]}


def channel_seeds():
    sizes = {f"{number:x}-{size}": channel(number, bytes(size)) for number in (0x3FFF, 0x4000, 0x4FFF, 0x7FFF, 0x8000)
             for size in (0, 1, 4, 5, 100)}
    return {**sizes, "unpadded": channel(0x4000, b"12345")[:9], "cut": channel(0x4000, b"12345")[:6],
            "more": channel(0x4000, b"12345") + b"more"}


def rtcp_packet(count, kind, body):
    return struct.pack(">BBH", 0x80 | count, kind, len(body) // 4) + body


def rtcp_seeds():
    ours, theirs = b"\1\2\3\4", b"\0\0\0\x09"
    packets = {
        "rr": rtcp_packet(1, 201, theirs + ours + bytes(20)),
        "sr": rtcp_packet(1, 200, theirs + bytes(20) + ours + bytes(20)),
        "sdes": rtcp_packet(1, 202, theirs + b"\1\3abc\0\0\0"),
        "bye": rtcp_packet(1, 203, theirs),
        "nack": rtcp_packet(1, 205, theirs + ours + b"\xff\xfe\xff\xff\0\5\0\1"),
        "twcc": rtcp_packet(15, 205, theirs + ours + bytes(12)),
        "pli": rtcp_packet(1, 206, theirs + ours),
        "fir": rtcp_packet(4, 206, theirs + bytes(4) + ours + b"\7\0\0\0"),
        "remb": rtcp_packet(15, 206, theirs + bytes(4) + b"REMB\1\0\0\0" + ours),
        "xr": rtcp_packet(0, 207, theirs + bytes(8)),
    }
    compound = {f"rr-{name}": packets["rr"] + packet for name, packet in packets.items()}
    padded = bytearray(packets["pli"] + b"\0\0\0\4")
    padded[0] |= 0x20
    padded[3] += 1
    for padding in (0, 4, 8, 12, 16):
        packet = bytearray(packets["rr"][:-1] + bytes([padding]))
        packet[0] |= 0x20
        compound[f"padding-{padding}"] = bytes(packet)
    compound["padding-all"] = b"\xa0\xc9\0\1\0\0\0\x08"
    compound["version"] = b"\x40" + packets["rr"][1:]
    return {**packets, **compound, "all": b"".join(packets.values()), "padded": bytes(padded), "cut": packets["sr"][:-4]}


def h264_seeds():
    sps, pps, idr, slice_ = b"\x67\x42\xe0\x1f\xda", b"\x68\xce\x38\x80", b"\x65\x88\x84\x21", b"\x41\x9a\x02"
    long, short = b"\0\0\0\1", b"\0\0\1"
    units = {"keyframe": [b"\x09\xf0", sps, pps, idr], "delta": [slice_], "sets": [sps, pps], "sps-cut": [sps[:2]],
             "two-slices": [idr, idr], "sei": [b"\x06\x05\x01\x00", slice_], "zeros": [idr + bytes(4), slice_], "none": []}
    return {f"{name}-{len(code)}": b"".join(code + unit for unit in parts) for name, parts in units.items()
            for code in (long, short)} | {"no-code": b"abc", "code-alone": long, "junk-first": b"abc" + long + idr}


def sdp_seeds():
    fragment = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef012345\r\nm=video 9 RTP/AVP 0\r\na=end-of-candidates\r\n"
    seeds = {"fragment": fragment.encode(), "shortest": b"v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n"}
    head, video = "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n", "m=video 9 UDP/TLS/RTP/SAVPF"
    for count in (16, 17):
        seeds[f"media-{count}"] = (head + f"{video} 96\n" * count).encode()
    for count in (128, 129):
        seeds[f"formats-{count}"] = (head + video + " 96" * count + "\n").encode()
    for code in (127, 128):
        seeds[f"format-{code}"] = (head + f"{video} {code}\na=rtpmap:{code} VP8/90000\n").encode()
    seeds["control"] = (head + "a=b:\x1bc\n").encode()
    for offer in sorted((TESTS / "data/offers").glob("*.sdp")):
        seeds[offer.stem] = offer.read_bytes()
    return seeds


# 16 KiB of request line and fields, 64 KiB of body; http_fuzz.cpp says how many bytes are written as 4.
def http_streams_near_limits():
    def many(count, byte):
        return b"\xff" + struct.pack(">H", count) + byte

    get, chunked = b"GET / HTTP/1.1\r\nHost: a\r\n", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    room = (16 << 10) - len(get) - len(b"A: \r\n\r\n")

    def length(count):
        return b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % count

    streams = {}
    for name, off in (("within", -3), ("at", 0), ("beyond", 1)):
        body = many(0xFF00, b"x") + many(0x100 + off, b"x")
        half = b"8000\r\n" + many(0x8000, b"x") + b"\r\n"
        streams[f"head-{name}"] = get + b"A: " + many(room + off, b"b") + b"\r\n\r\n" + get + b"\r\n"
        streams[f"target-{name}"] = b"GET /" + many(room + off, b"b") + b" HTTP/1.1\r\nHost: a\r\n\r\n"
        streams[f"body-{name}"] = length((64 << 10) + off) + body + get + b"\r\n"
        streams[f"chunks-{name}"] = chunked + half + b"%x\r\n" % (0x8000 + off) + many(0x8000 + off, b"x") + b"\r\n0\r\n\r\n"
        streams[f"trailer-{name}"] = chunked + b"0\r\nA: " + many((16 << 10) + off, b"b") + b"\r\n\r\n"
    streams["many-fields"] = get + b"A: b\r\n" * 200 + b"\r\n"
    return streams


def http_seeds():
    host = b"Host: a\r\n"
    streams = {
        "get": b"GET /a?b=c HTTP/1.1\r\n" + host + b"\r\n",
        "pipelined": (b"GET / HTTP/1.1\r\n" + host + b"\r\n") * 3,
        "post": b"POST /whep/a HTTP/1.1\r\n" + host + b"Content-Length: 5\r\n\r\nhello",
        "chunked": b"POST / HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: x\r\n\r\n",
        "continue": b"POST / HTTP/1.1\r\n" + host + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
        "both": b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "old": b"GET / HTTP/1.0\r\n\r\n",
        "no-host": b"GET / HTTP/1.1\r\n\r\n",
        "two-hosts": b"GET / HTTP/1.1\r\n" + host * 2 + b"\r\n",
        "encoded": b"GET /%41%2f%zz HTTP/1.1\r\n" + host + b"\r\n",
        "absolute": b"GET http://a/b HTTP/1.1\r\n" + host + b"\r\n",
        "close": b"DELETE /x HTTP/1.1\r\n" + host + b"Connection: close\r\n\r\n",
        "too-long": b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 99999999\r\n\r\n",
        "folded": b"GET / HTTP/1.1\r\n" + host + b"A: b\r\n c\r\n\r\n",
        "junk": b"\x16\x03\x01\0\0",
    }
    streams |= http_streams_near_limits()
    return {f"{name}-{cut}": bytes([cut, 3]) + stream for name, stream in streams.items() for cut in (0, 200)}


# As turn_fuzz.cpp and turn_messenger.hpp read them: client, what it does, its arguments. 0x80 is REQUESTED-TRANSPORT,
# 0x00 a peer that is allowed, 0x61 CHANNEL-NUMBER.
TRANSPORT, ALLOWED, OTHER_PORT, STRANGER, IPV6_PEER = b"\x80", b"\x00", b"\x03", b"\x04", b"\x02"
NEXT_PORT, TOKEN, REQUESTED_IPV4, REQUESTED_IPV6, ADDITIONAL_IPV6 = b"\xc1", b"\xd0", b"\xe0", b"\xe1", b"\xe9"
NO_LIFETIME, LONG_LIFETIME = b"\xf0", b"\xff"
SHA256, BOTH, ALGORITHMS, ALGORITHM, USERHASH, FINGERPRINT = 1, 2, 4, 8, 16, 32


def turn_request(client, method, *attributes, how=11, style=0):
    return bytes([client, how, style, method, len(attributes)]) + b"".join(attributes)


def turn_seeds_of(client):
    def request(*arguments, **keywords):
        return turn_request(client, *arguments, **keywords)

    def send_to(peer):  # 0xab is DATA.
        return bytes([client, 4, 1, 5, 2]) + peer + b"\xab\2hi"

    allocate, bind, permit = request(0, TRANSPORT), request(3, b"\x61", ALLOWED), request(2, ALLOWED)
    data, send, hear = bytes([client, 3, 0x25]), send_to(ALLOWED), bytes([client, 9, 4, 0])
    wait, leave, refresh = bytes([client, 0, 1, 44]), bytes([client, 1]), request(1)
    revoke, change_user, again = bytes([client, 8]), bytes([client, 7]), bytes([client, 10])
    dual, reserve = request(0, TRANSPORT, ADDITIONAL_IPV6), request(0, TRANSPORT, NEXT_PORT)
    redeem = turn_request((client + 1) % 6, 0, TRANSPORT, TOKEN)
    free_one = request(1, NO_LIFETIME, REQUESTED_IPV6)
    return {
        "permit": allocate + permit + send, "bind": allocate + bind + data + data,
        "expire": allocate + permit + wait + send + wait + send, "leave": allocate + bind + leave + data,
        "bind-two-peers": allocate + request(3, b"\x61", ALLOWED, b"\x01") + send_to(b"\x01") + data,
        "refresh": allocate + refresh + wait + refresh + wait, "guess": request(0, TRANSPORT, how=5) + send,
        "late-channel": allocate + bind + wait + data + wait + data, "other-port": allocate + permit + send_to(OTHER_PORT),
        "forbidden": allocate + request(2, STRANGER) + send_to(STRANGER), "twice": allocate + allocate + again,
        "tampered": request(0, TRANSPORT, how=6) + b"\x14\x00" + send, "heard": allocate + bind + hear * 4,
        "revoked": allocate + request(2, b"\x01") + send_to(b"\x01") + revoke + send_to(b"\x01") + revoke + send_to(b"\x01"),
        "changed-user": allocate + change_user + permit + refresh + change_user + permit,
        "dual": dual + request(2, ALLOWED, IPV6_PEER) + free_one + send_to(IPV6_PEER) + send,
        "ipv6": request(0, TRANSPORT, REQUESTED_IPV6) + request(3, b"\x61", IPV6_PEER) + data + free_one,
        "reserved": reserve + redeem + wait, "reserved-late": reserve + wait + redeem,
        "userhash": request(0, TRANSPORT, style=SHA256 | ALGORITHMS | ALGORITHM | USERHASH) + permit + send,
        "sha256": request(0, TRANSPORT, style=SHA256 | BOTH | ALGORITHM | FINGERPRINT) + permit,
        "bid-down": request(0, TRANSPORT, style=SHA256 | ALGORITHM) + request(0, TRANSPORT, style=ALGORITHMS),
        "lifetimes": request(0, TRANSPORT, LONG_LIFETIME) + request(1, NO_LIFETIME) + send,
        "raw": b"".join(bytes([client, 2, len(m)]) + m for m in list(MESSAGES.values())[:4]),
    }


def turn_seeds():
    seeds = {f"{name}-{client}": program for client in (0, 1, 5) for name, program in turn_seeds_of(client).items()}
    seeds["crowd"] = b"".join(turn_seeds_of(client)["bind"] for client in range(6))
    seeds["exhausted"] = b"".join(turn_seeds_of(client)["reserved"] for client in range(6)) * 2
    seeds["others-channel"] = turn_seeds_of(0)["bind"] + bytes([1, 3, 0x25]) + turn_request(1, 0, TRANSPORT) + bytes([1, 3, 0x25])
    return seeds


# As forwarder_fuzz.cpp reads them: much like the ones above, with other steps and peers.
def forwarder_seeds_of(client):
    def request(*arguments, **keywords):
        return turn_request(client, *arguments, how=keywords.pop("how", 8), **keywords)

    allocate, permit, bind = request(0, TRANSPORT), request(2, ALLOWED), request(3, b"\x61", ALLOWED)
    data, send = bytes([client, 3, 0x25]), bytes([client, 4, 1, 5, 2]) + ALLOWED + b"\xab\2hi"
    dual = request(0, TRANSPORT, ADDITIONAL_IPV6) + request(2, ALLOWED, IPV6_PEER)

    def hear(peer, relayed=0):
        return bytes([client, 6, 0, 100, peer, relayed])

    return {
        "permit": allocate + permit + send + hear(0) + hear(1) + hear(3), "bind": allocate + bind + data + hear(0) + hear(1),
        "unpermitted": allocate + hear(0), "nowhere": allocate + permit + hear(0, 1), "dual": dual + hear(2, 1) + hear(0),
        "flood": allocate + permit + bytes([client, 7, 39, 0, 0]), "close": allocate + permit + bytes([client, 1]) + hear(0),
        "expire": allocate + permit + bytes([client, 0, 1, 44]) + hear(0) + send, "junk": bytes([client, 2, 4]) + b"GET ",
        "guess": request(0, TRANSPORT, how=5) + send, "half": bytes([client, 2, 8]) + MESSAGES["allocate"][:8] + allocate,
    }


def forwarder_seeds():
    seeds = {f"{name}-{client}": program for client in (0, 1) for name, program in forwarder_seeds_of(client).items()}
    return {**seeds, "crowd": b"".join(forwarder_seeds_of(client)["bind"] for client in range(4))}


def extension(kind, value):
    return struct.pack(">HH", kind, len(value)) + value


def hello_body(version, cookie=None, extensions=b"", session_id=b""):
    body = version + bytes(range(32)) + bytes([len(session_id)]) + session_id
    if cookie is not None:
        body += bytes([len(cookie)]) + cookie
    suites = b"\x13\1\xc0\x2b\xc0\x2f"
    body += struct.pack(">H", len(suites)) + suites + b"\1\0"
    return body + (struct.pack(">H", len(extensions)) + extensions if extensions else b"")


GROUPS_AND_SIGNATURES = extension(10, b"\0\4\0\x1d\0\x17") + extension(13, b"\0\6\4\3\4\1\x08\4")


def dtls_hello(body, message=0, fragment=None, kind=1):
    fragment = len(body) if fragment is None else fragment
    handshake = bytes([kind]) + len(body).to_bytes(3, "big") + struct.pack(">H", message) + bytes(3)
    handshake += fragment.to_bytes(3, "big") + body
    return b"\x16\xfe\xfd" + bytes(8) + struct.pack(">H", len(handshake)) + handshake


def dtls_hello_seeds():
    version = b"\xfe\xfd"
    plain = hello_body(version, b"")
    return {
        "plain": dtls_hello(plain), "extensions": dtls_hello(hello_body(version, b"", GROUPS_AND_SIGNATURES)),
        "cookie": dtls_hello(hello_body(version, bytes(20)), 1), "long-cookie": dtls_hello(hello_body(version, bytes(255)), 1),
        "session": dtls_hello(hello_body(version, b"", b"", bytes(32))), "cut": dtls_hello(plain)[:-4],
        "long-session": dtls_hello(hello_body(version, b"", b"", bytes(33))), "fragment": dtls_hello(plain, 0, 10),
        "more": dtls_hello(plain) + dtls_hello(plain), "other-message": dtls_hello(plain, 0, None, 2),
    }


def tls_record(fragment, kind=22):
    return bytes([kind, 3, 1]) + struct.pack(">H", len(fragment)) + fragment


def tls_seeds():
    def hello(extensions=b""):
        body = hello_body(b"\3\3", None, extensions, bytes(32))
        return b"\1" + len(body).to_bytes(3, "big") + body

    share = b"\0\x1d\0\x20" + bytes(range(1, 33))
    tls13 = extension(43, b"\4\3\4\3\3") + extension(51, struct.pack(">H", len(share)) + share)
    modern, old = hello(GROUPS_AND_SIGNATURES + tls13), hello(GROUPS_AND_SIGNATURES)
    streams = {
        "tls13": tls_record(modern), "tls12": tls_record(old), "bare": tls_record(hello()), "two": tls_record(modern) * 2,
        "retry": tls_record(hello(GROUPS_AND_SIGNATURES + extension(43, b"\2\3\4") + extension(51, b"\0\0"))),
        "split": tls_record(modern[:3]) + tls_record(modern[3:90]) + tls_record(modern[90:]), "http": b"GET / HTTP/1.1\r\n\r\n",
        "longest": tls_record(b"\1\0\x3f\xfc" + bytes(60)), "too-long": tls_record(b"\1\0\x3f\xfd" + bytes(60)),
        "late-too-long": tls_record(modern + b"\1\1\0\0"), "alert": tls_record(b"\2\x28", 21), "close": tls_record(b"\1\0", 21),
        "change-cipher": tls_record(modern) + tls_record(b"\1", 20), "data": tls_record(b"hello", 23),
    }
    return {f"{name}-{cut}": bytes([cut, 3]) + stream for name, stream in streams.items() for cut in (0, 200)}


# As srtp_fuzz.cpp reads them: profile, then how, where, length and bytes of each packet.
def srtp_seeds():
    def step(how, packet, where=40):
        return bytes([how, where, len(packet)]) + packet

    def rtp(sequence, ssrc=1, first=0x80, more=b""):
        return struct.pack(">BBHII", first, 96, sequence, 0, ssrc) + more + bytes(range(20))

    control = [rtcp_packet(0, 201, struct.pack(">I", ssrc)) for ssrc in range(9)]
    programs = {
        "media": step(0, rtp(1)) + step(0, rtp(2), 2), "wrap": b"".join(step(0, rtp(n)) for n in (65534, 65535, 0, 65533, 1, 1)),
        "far": b"".join(step(0, rtp(n)) for n in (10, 65535, 32767, 40000, 65535, 5, 32773, 40000)),
        "damaged": step(4, rtp(1)) + step(4, rtp(2), 3) + step(5, control[0]) + step(5, control[0], 9),
        "raw": step(2, rtp(1, more=bytes(16))) + step(3, control[0] + bytes(20)) + step(2, b"") + step(3, b"\x80"),
        "header": step(0, rtp(1, 1, 0x92, b"\0" * 8 + b"\xbe\xde\0\1\x32\0\0\0")) + step(0, rtp(2, 1, 0x9f)),
        "sources": b"".join(step(0, rtp(1, n)) for n in range(6)) + b"".join(step(1, packet) for packet in control),
        "both": (step(0, rtp(1)) + step(1, control[0])) * 2, "short": step(0, rtp(1)[:11]) + step(1, control[0][:7]),
        "empty": step(0, rtp(1)[:12]) + step(4, rtp(2)[:12], 20),
    }
    return {f"{name}-{profile}": bytes([profile]) + program for name, program in programs.items() for profile in (0, 1)}


def main():
    targets = {"stun": {**MESSAGES, **rfc5769()}, "stream_framing": stream_seeds(), "first_bytes": first_bytes_seeds(),
               "websocket": websocket_seeds(),
               "proxy_header": proxy_header_seeds(), "channel_data": channel_seeds(), "rtcp": rtcp_seeds(), "h264": h264_seeds(), "sdp": sdp_seeds(),
               "http": http_seeds(), "turn": turn_seeds(),
               "forwarder": forwarder_seeds(), "dtls_hello": dtls_hello_seeds(), "dtls_records": dtls_records_seeds(), "tls": tls_seeds(), "srtp": srtp_seeds()}
    for target, seeds in targets.items():
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, seed in seeds.items():
            (folder / f"{name}.bin").write_bytes(seed)


if __name__ == "__main__":
    main()
