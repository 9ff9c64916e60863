"""The emulator of AWS, with clocks that tests can move.

Listens on a free port of the loopback interface, keeps everything in memory, prints one line
`{"port": N}` and then obeys its standard input, one line answered by `ok` each:

    shift SECONDS               moves the running clock forward, for every account
    ahead ACCOUNT SECONDS       moves the running clock of an account forward, beside everybody else's
    stand ACCOUNT MICROS        stops the clock of an account at a time (microseconds since 1970)
    fire ACCOUNT REGION NAME    a schedule's time has come

An account is whoever signs with its twelve digits as access key, so tests side by side have a world of their
own, clock included. Ends, with all the processes it started, when its standard input ends: when the test that
started it does, however it ends.

Every service of the emulator asks `time.time()` for what depends on the time (visibility, retention, deduplication,
schedules), which is why replacing that one function is enough.

Functions that run in the emulator find it under AWS_ENDPOINT_URL, and get none of the variables with which tests are
configured. A schedule's input arrives as the real scheduler sends it, with the scheduled time filled in.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time

system_time = time.time
shift_s = 0.0
ahead_s = {}
standing_s = {}


def account():
    responses = sys.modules.get("ministack.core.responses")
    return responses.get_account_id() if responses else None


def emulated_time():
    running = system_time() + shift_s
    if standing_s or ahead_s:
        name = account()
        return standing_s.get(name, running + ahead_s.get(name, 0.0))
    return running


def fire(name, region, schedule):
    """Lets the emulator's own sweep find this schedule overdue."""
    from ministack.services import scheduler

    key = (name, region, f"default/{schedule}")
    if key not in scheduler._schedules._data:
        return f"there is no schedule {schedule}"
    scheduler._schedule_last_fired[key] = 0
    scheduler._tick_schedules()
    return "ok"


def fill_in_the_scheduled_time():
    """The real scheduler replaces it in the input of a target; the emulator hands the placeholder over."""
    from ministack.services import eventbridge

    invoke_target = eventbridge._invoke_target

    def invoke(target, event, rule, view=None):
        if event.get("Source") == "aws.scheduler" and "Input" in target:
            scheduled = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(event["Time"]))
            filled = target["Input"].replace("<aws.scheduler.scheduled-time>", scheduled)
            target = {**target, "Input": filled}
        invoke_target(target, event, rule, view)

    eventbridge._invoke_target = invoke


def obey(line):
    global shift_s
    match line.split():
        case ["fire", name, region, schedule]:
            return fire(name, region, schedule)
        case ["shift", seconds]:
            shift_s += float(seconds)
        case ["ahead", name, seconds]:
            ahead_s[name] = ahead_s.get(name, 0.0) + float(seconds)
        case ["stand", name, micros]:
            # Multiples of 2**-20 s add up exactly in a float: "two seconds later" is not a rounding error earlier.
            standing_s[name] = int(micros) * 2**20 // 10**6 / 2**20
        case _:
            return f"unknown command {line!r}"
    return "ok"


def listen_to_parent(folder):
    for line in sys.stdin:
        print(obey(line.strip()), flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main():
    if os.getpid() != os.getpgrp():
        sys.exit("start this as the leader of a process group: it ends with the whole group")
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    os.environ["GATEWAY_PORT"] = str(port)
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"
    for name in [name for name in os.environ if name.startswith("ERP_SYNC_")]:
        del os.environ[name]
    # Listeners on ports of their own, which nobody here uses.
    os.environ["IOT_MTLS_ENABLED"] = "0"
    os.environ["SFTP_ENABLED"] = "0"
    os.environ.setdefault("LOG_LEVEL", "ERROR")

    # Where it unpacks the code of functions; gone with it.
    folder = tempfile.tempdir = tempfile.mkdtemp(prefix="erp-sync-emulator-")
    time.time = emulated_time
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    fill_in_the_scheduled_time()
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.loglevel = os.environ["LOG_LEVEL"]
    print(json.dumps({"port": port}), flush=True)
    threading.Thread(target=listen_to_parent, args=[folder], daemon=True).start()
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    main()
