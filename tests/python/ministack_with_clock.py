"""The emulator of AWS, with clocks that tests can move.

Listens on a free port of the loopback interface, keeps everything in memory, prints one line
`{"port": N}` and then obeys its standard input, one line answered by `ok` each:

    shift SECONDS             moves the running clock forward, for every account
    stand ACCOUNT MICROS      stops the clock of an account at a time (microseconds since 1970)

An account is whoever signs with its twelve digits as access key, so tests side by side have a world of their
own, clock included. Ends, with all the processes it started, when its standard input ends: when the test that
started it does, however it ends.

Every service of the emulator asks `time.time()` for what depends on the time (visibility, retention, deduplication,
schedules), which is why replacing that one function is enough.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import threading
import time

system_time = time.time
shift_s = 0.0
standing_s = {}


def account():
    responses = sys.modules.get("ministack.core.responses")
    return responses.get_account_id() if responses else None


def emulated_time():
    if standing_s:
        standing = standing_s.get(account())
        if standing is not None:
            return standing
    return system_time() + shift_s


def obey(line):
    global shift_s
    match line.split():
        case ["shift", seconds]:
            shift_s += float(seconds)
        case ["stand", name, micros]:
            # Multiples of 2**-20 s add up exactly in a float: "two seconds later" is not a rounding error earlier.
            standing_s[name] = int(micros) * 2**20 // 10**6 / 2**20
        case _:
            return f"unknown command {line!r}"
    return "ok"


def listen_to_parent():
    for line in sys.stdin:
        print(obey(line.strip()), flush=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main():
    if os.getpid() != os.getpgrp():
        sys.exit("start this as the leader of a process group: it ends with the whole group")
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    os.environ["GATEWAY_PORT"] = str(port)
    # Listeners on ports of their own, which nobody here uses.
    os.environ["IOT_MTLS_ENABLED"] = "0"
    os.environ["SFTP_ENABLED"] = "0"
    os.environ.setdefault("LOG_LEVEL", "ERROR")

    time.time = emulated_time
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.loglevel = os.environ["LOG_LEVEL"]
    print(json.dumps({"port": port}), flush=True)
    threading.Thread(target=listen_to_parent, daemon=True).start()
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    main()
