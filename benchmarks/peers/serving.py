"""The peers' side of the conversation: a line of JSON in, a line of JSON out.

First the settings, answered by facts about the workload once it is warm; then "run", answered by a time, until "stop".
"""
import json
import resource
import sys
import time


def serve(prepare):
    """prepare(settings) returns (facts, iterate); iterate may return its own time in milliseconds."""
    replies, sys.stdout = sys.stdout, sys.stderr  # what libraries print must not come between the replies
    iterate, per_turn = None, 1
    extra_peak = lambda: 0.0

    def reply(value):
        replies.write(json.dumps(value) + "\n")
        replies.flush()

    for line in sys.stdin:
        message = json.loads(line)
        if message == "stop":
            reply({"peakMb": peak_memory_mb() + extra_peak()})
            return
        if message == "run":
            started, cpu_before = time.perf_counter(), time.process_time()
            for _ in range(per_turn):
                measured = iterate()
            ms, cpu_ms = (time.perf_counter() - started) * 1000, (time.process_time() - cpu_before) * 1000
            taken = {"ms": ms / per_turn, "cpuMs": cpu_ms / per_turn}
            reply(taken if measured is None else {"ms": measured})
            continue
        facts, iterate, *rest = prepare(message)
        per_turn = message["iterationsPerTurn"]
        if rest:
            (extra_peak,) = rest
        for _ in range(message["warmups"]):
            iterate()
        reply({"facts": facts})


earlier_peak_mb = 0.0  # what the kernel's count forgot when it was told to start again


def peak_memory_mb():
    highest = status_mb("VmHWM")
    if highest is None:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return max(highest, earlier_peak_mb)


def extra_peak_memory_mb(work):
    """Peak memory during the work minus memory before it; None where the kernel doesn't count it."""
    global earlier_peak_mb
    earlier_peak_mb = peak_memory_mb()
    try:
        with open("/proc/self/clear_refs", "w") as counters:
            counters.write("5")  # the highest is counted from here on
    except OSError:
        work()
        return None
    before = status_mb("VmRSS")
    work()
    return status_mb("VmHWM") - before


def status_mb(name):
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(f"{name}:")) / 1024
    except (OSError, StopIteration):
        return None
