"""Rivals on the same stream: Debian's Janus with its streaming plugin, and a small server made with Pion (Go)."""
import contextlib
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

from bench import film, programs

PION = programs.TREE / 'benchmarks' / 'pion'
JANUS_LIBRARIES = pathlib.Path('/usr/lib/x86_64-linux-gnu/janus')
STREAM = 'film'

JANUS = '''general: {{
  configs_folder = "{folder}"
  plugins_folder = "{libraries}/plugins"
  transports_folder = "{libraries}/transports"
  events_folder = "{libraries}/events"
  loggers_folder = "{libraries}/loggers"
  debug_level = 2
  {event_loops}
}}
nat: {{ ice_enforce_list = "lo" }}
plugins: {{ disable = "{other_plugins}" }}
transports: {{ disable = "{other_transports}" }}
loggers: {{ disable = "libjanus_jsonlog.so" }}
'''
JANUS_HTTP = '''general: {{
  json = "compact"
  base_path = "/janus"
  http = true
  ip = "127.0.0.1"
  port = {port}
  https = false
}}
admin: {{ admin_http = false }}
'''
JANUS_STREAM = '''film: {{
  type = "rtp"
  id = 1
  audio = false
  video = true
  videoport = {rtp}
  videopt = 96
  videocodec = "h264"
  videofmtp = "profile-level-id=42e01f;packetization-mode=1"
}}
'''


def janus_is_there():
    return shutil.which('janus') is not None and JANUS_LIBRARIES.is_dir()


def pion_is_there():
    return PION.exists()


def _others(kind, wanted):
    return ','.join(sorted(path.name for path in (JANUS_LIBRARIES / kind).glob('*.so') if path.name != wanted))


def _configure_janus(folder, http, rtp, event_loops):
    files = {
        'janus.jcfg': JANUS.format(
            folder=folder, libraries=JANUS_LIBRARIES, event_loops=f'event_loops = {event_loops}' if event_loops else '',
            other_plugins=_others('plugins', 'libjanus_streaming.so'),
            other_transports=_others('transports', 'libjanus_http.so')),
        'janus.transport.http.jcfg': JANUS_HTTP.format(port=http),
        'janus.plugin.streaming.jcfg': JANUS_STREAM.format(rtp=rtp)}
    for name, text in files.items():
        pathlib.Path(folder, name).write_text(text, encoding='ascii')


@contextlib.contextmanager
def janus(event_loops=None):
    """Janus as Debian ships it but for the stream and the ports, or with so many event loops: process id and address."""
    with tempfile.TemporaryDirectory() as folder:
        http, rtp = programs.free_port(socket.SOCK_STREAM), programs.free_port(socket.SOCK_DGRAM)
        _configure_janus(folder, http, rtp, event_loops)
        with contextlib.ExitStack() as stack:
            process = stack.enter_context(programs.running(['janus', '-F', folder, '-o'], stdout=subprocess.DEVNULL))
            programs.wait_for_tcp(http, process)
            stack.enter_context(film.as_rtp(rtp))
            yield process.pid, f'http://127.0.0.1:{http}/janus'


@contextlib.contextmanager
def pion():
    """Pion with its default interceptors: process id and address."""
    with contextlib.ExitStack() as stack:
        process = stack.enter_context(programs.running([PION], stdout=subprocess.PIPE))
        http, rtp = re.match(r'http (\d+) rtp (\d+)', programs.first_line(process)).groups()
        stack.enter_context(film.as_rtp(rtp))
        yield process.pid, f'http://127.0.0.1:{http}/whep/{STREAM}'
