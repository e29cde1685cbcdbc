#!/usr/bin/python3
"""A small RTSP server with a moving H.264 picture, for tests of RTSP sources.

Prints its URL as soon as it accepts connections, and ends on SIGTERM or SIGINT.
Needs python3-gi, gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-base, -good and -ugly.

  rtsp_server.py [--address 127.0.0.1] [--port 0] [--path camera] [--bframes 0]
                 [--width 1280] [--height 720] [--rate 30] [--keyframe-interval 60]
"""

import argparse
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402


def parse_arguments():
    parser = argparse.ArgumentParser(description="A test RTSP server with H.264 video.")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one; the printed URL has it")
    parser.add_argument("--path", default="camera")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--rate", type=int, default=30, help="frames per second")
    parser.add_argument("--bitrate", type=int, default=1500, help="kbit/s")
    parser.add_argument("--bframes", type=int, default=0, help="between two others")
    parser.add_argument("--keyframe-interval", type=int, default=60, help="frames")
    return parser.parse_args()


def pipeline(arguments):
    """The launch line of the one stream. config-interval=0: parameter sets come in the SDP alone, as from
    many cameras."""
    latency = "" if arguments.bframes else "tune=zerolatency"
    return (
        "( videotestsrc is-live=true pattern=ball"
        f" ! video/x-raw,format=I420,width={arguments.width},height={arguments.height},framerate={arguments.rate}/1"
        f" ! x264enc {latency} speed-preset=ultrafast bitrate={arguments.bitrate} bframes={arguments.bframes}"
        f" key-int-max={arguments.keyframe_interval}"
        " ! video/x-h264,profile=" + ("main" if arguments.bframes else "constrained-baseline") +
        " ! rtph264pay name=pay0 pt=96 config-interval=0 )"
    )


def main():
    arguments = parse_arguments()
    Gst.init(None)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(pipeline(arguments))
    factory.set_shared(True)
    server = GstRtspServer.RTSPServer()
    server.set_address(arguments.address)
    server.set_service(str(arguments.port))
    server.get_mount_points().add_factory("/" + arguments.path, factory)
    if server.attach(None) == 0:
        sys.exit(f"cannot listen on {arguments.address}:{arguments.port}; choose another --port")
    loop = GLib.MainLoop()
    for number in (signal.SIGTERM, signal.SIGINT):
        GLib.unix_signal_add(GLib.PRIORITY_HIGH, number, loop.quit)
    print(f"rtsp://{arguments.address}:{server.get_bound_port()}/{arguments.path}", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
