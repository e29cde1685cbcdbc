"""Seeds of the fuzz target dtls_records, for make_seeds.py."""

import struct


# As dtls_records_fuzz.cpp reads them: cipher, then how, where, type, length and bytes of each record.
def dtls_records_seeds():
    def step(how, content=b"hello", where=20, kind=23):
        return bytes([how, where, kind, len(content)]) + content

    close, refused, finished = b"\1\0", b"\2\x28", b"\x14\0\0\x0c" + bytes(12)
    forged = b"\x17\xfe\xfd\0\1" + bytes(6) + struct.pack(">H", 40) + bytes(40)
    programs = {
        "data": step(0) + step(1) + step(0, b"") + step(1, b"", 3), "close": step(0, close, 0, 21) + step(1, refused, 0, 21),
        "finished": step(0, finished, 0, 22) + step(1, finished, 0, 22) + step(0, b"\1", 0, 20) + step(0, b"", 0, 22),
        "raw": step(2, forged) + step(3, forged + forged) + step(2, forged[:20]) + step(2, step(0)),
        "damaged": b"".join(step(4, where=where) + step(5, where=where + 7) for where in range(0, 48, 5)),
        "reflected": step(0x20) + step(0x21) + step(0x64) + step(0x45), "again": step(0) + step(0x10, b"", 0) * 2 + step(0x11),
        "swapped": step(8) * 3 + b"".join(step(0x10, b"", where) for where in (2, 0, 1, 0)),
        "old": step(8, b"x") + step(0, b"x") * 64 + step(0x10, b"", 0) + step(8, b"x") + step(0, b"") * 63 + step(0x10, b"", 65),
    }
    return {f"{name}-{cipher}": bytes([cipher]) + program for name, program in programs.items() for cipher in range(3)}
