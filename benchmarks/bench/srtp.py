"""What it costs to encrypt a packet, and a viewer's keys, beside libsrtp2."""
from bench import programs
from bench.figures import Figure


def srtp(options):
    """encrypting a packet of 1,200 bytes, for one viewer and for 1,000, and keys at a join, beside libsrtp2"""
    nanoseconds = {name: 1e9 / rate for name, rate in programs.medians('srtp_bench', options.rounds).items()}
    return [Figure(f'srtp/{case}', ours, 'ns', nanoseconds[f'libsrtp2/{case}'])
            for maker, _, case in (name.partition('/') for name in nanoseconds) if maker == 'porthole'
            for ours in [nanoseconds[f'porthole/{case}']]]
