"""The one stream that everybody is measured with: a file, the sizes of its frames, and the same as RTP."""
import contextlib
import subprocess

from bench import programs

FRAMES_PER_SECOND = 30
SECONDS = 20
FOLDER = programs.TREE / 'film'
FILE = FOLDER / 'film.mp4'
SIZES = FOLDER / 'frame_sizes'

# 720p with noise, 2.5 Mbit/s, a keyframe every 2 s, no B-frames, so that Porthole passes it through untouched.
ENCODE = ['-f', 'lavfi', '-i', f'testsrc2=size=1280x720:rate={FRAMES_PER_SECOND}', '-vf', 'noise=alls=12:allf=t',
          '-t', str(SECONDS), '-c:v', 'libx264', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p', '-preset', 'veryfast',
          '-g', '60', '-keyint_min', '60', '-sc_threshold', '0', '-bf', '0', '-threads', '1',
          '-b:v', '2500k', '-maxrate', '2500k', '-bufsize', '625k']

# RTP packets as large as Porthole's, which leave room for every path's overhead: as many of them a frame.
RTP_PACKET = 1126


def make():
    """Made once, and kept in the build tree."""
    if SIZES.exists():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    part = FILE.with_suffix('.part.mp4')
    subprocess.run(['ffmpeg', '-v', 'error', '-y', *ENCODE, part], check=True)
    part.rename(FILE)
    sizes = subprocess.run(['ffprobe', '-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=size',
                            '-of', 'csv=p=0', FILE], stdout=subprocess.PIPE, check=True, text=True).stdout
    SIZES.write_text(sizes, encoding='ascii')


@contextlib.contextmanager
def as_rtp(port):
    """The film, looped, in real time, to 127.0.0.1 and that UDP port."""
    command = ['ffmpeg', '-v', 'error', '-re', '-stream_loop', '-1', '-i', FILE, '-c', 'copy', '-bsf:v', 'h264_mp4toannexb',
               '-payload_type', '96', '-f', 'rtp', f'rtp://127.0.0.1:{port}?pkt_size={RTP_PACKET}']
    with programs.running(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as sender:
        yield sender.pid
