"""A dispatcher and workers of a `tf.data` service, each a process of its own."""

import contextlib
import os
import subprocess
import sys

SERVER = """
import sys
import tensorflow as tf
service = tf.data.experimental.service
if len(sys.argv) == 1:
    server = service.DispatchServer(service.DispatcherConfig())
    print(server.target, flush=True)
else:
    server = service.WorkerServer(service.WorkerConfig(sys.argv[1], heartbeat_interval_ms=500))
    print("ready", flush=True)
server.join()
"""


@contextlib.contextmanager
def data_service(workers):
    """Yield the address and the list of the workers' processes; all are killed at the end."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        started.append(process)
        return process

    started = []
    try:
        address = start().stdout.readline().strip()
        processes = [start(address.removeprefix("grpc://")) for _ in range(workers)]
        assert all(process.stdout.readline() == "ready\n" for process in processes)
        yield address, processes
    finally:
        for process in started:
            process.kill()
            process.wait()
