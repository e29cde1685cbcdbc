#!/usr/bin/env python3
"""Fuzzes one target for a while: FUZZER MAX_LENGTH SECONDS WORK SEEDS...

Seeds are copied into the folder WORK, so that what the fuzzer finds never lands in the source tree. On a crash it says
where the reproducer is and what replays it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

MEGABYTES = 1024
SECONDS_AN_INPUT = 10
# What AddressSanitizer keeps of freed memory: its default of 256 MB is fetched from the kernel page by page.
QUARANTINE = "quarantine_size_mb=8"


def copy_seeds(folders, to):
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    seeds = [file for folder in folders if folder.is_dir() for file in folder.iterdir() if file.is_file()]
    for seed in seeds:
        shutil.copy(seed, to / f"{seed.parent.parent.name}-{seed.name}")
    return len(seeds)


def main():
    fuzzer, max_length, seconds, work = Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])
    if copy_seeds([Path(folder) for folder in sys.argv[5:]], work / "corpus") == 0:
        print(f"no seeds in {sys.argv[5:]}")
        return 1
    found = work / "found"
    shutil.rmtree(found, ignore_errors=True)
    found.mkdir()
    command = [str(fuzzer), f"-max_len={max_length}", f"-max_total_time={seconds}", f"-timeout={SECONDS_AN_INPUT}",
               f"-rss_limit_mb={MEGABYTES}", f"-artifact_prefix={found}/", "-print_final_stats=1", str(work / "corpus")]
    options = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), QUARANTINE]))
    status = subprocess.run(command, check=False, env={**os.environ, "ASAN_OPTIONS": options}).returncode
    for reproducer in sorted(found.iterdir()):
        print(f"\nreproducer: {reproducer}\nreplay it:  {fuzzer} {reproducer}")
    return 0 if status == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
