"""A script as several JAX processes on one machine, over loopback."""

import os
import pathlib
import signal
import socket
import subprocess
import sys

from kerasrecipes._backend import processes

ROOT = pathlib.Path(__file__).parent.parent
SECONDS = 300  # a process that waits for one that does not come never ends


def start(script, arguments, count=2, folder=None):
    """Return the `subprocess.Popen` of each process; `arguments` are a list for each."""
    held = socket.socket()  # nobody else gets the port; JAX takes it, as it says REUSEPORT too
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind(("127.0.0.1", 0))
    address = f"127.0.0.1:{held.getsockname()[1]}"
    job = [
        subprocess.Popen(
            [sys.executable, ROOT / script, *map(str, arguments[number])],
            env={
                **os.environ,
                "KERAS_BACKEND": "jax",
                "PYTHONPATH": str(ROOT),
                processes.ADDRESSES: address,
                processes.COUNT: str(count),
                processes.NUMBER: str(number),
            },
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number in range(count)
    ]
    job[0].held = held
    return job


def outputs(job, seconds=SECONDS):
    """Return what each process printed; raise unless all ended with status 0."""
    try:
        texts = [process.communicate(timeout=seconds)[0] for process in job]
    finally:
        kill(job)
    for process, text in zip(job, texts):
        assert process.returncode == 0, text[-3000:]
    return texts


def kill(job):
    """End processes with SIGKILL: JAX's handler of SIGTERM lets them go on."""
    for process in job:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
