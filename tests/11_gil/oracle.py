"""The GIL's schedule as CPython would run it if its threads were served in order: prints the transcript.

A thread of bytecodes is a generator: each `yield` is the end of one bytecode, the point at which CPython may switch.
The loop below is the GIL: it resumes one generator at a time, and after `interval` bytecodes gives the next one in the
queue its run.
"""

from collections import deque
from itertools import groupby


def run(interval, threads):
    """Runs generators to their ends, in turns; returns acquisitions and forced switches."""
    acquisitions, forced_switches = 1, 0  # The main thread held the GIL while the others came for it, one by one.
    queue = deque(threads)
    while queue:
        thread = queue.popleft()
        acquisitions += 1
        bytecodes = 0
        for _ in thread:
            bytecodes += 1
            if bytecodes % interval == 0 and queue:
                forced_switches += 1
                queue.append(thread)
                break
    return acquisitions, forced_switches


def tell(log, stats):
    for name, entries in groupby(log, key=lambda entry: entry[0]):
        print(f"{name}: {' '.join(what for _, what in entries)}")
    print(f"acquisitions {stats[0]}, forced switches {stats[1]}")


def ten_bytecodes(name, log):
    for bytecode in range(1, 11):
        log.append((name, str(bytecode)))
        yield


counter = 0


def increment(name, log):
    """`counter += 1`, one bytecode at a time."""
    global counter
    loaded = counter
    log.append((name, f"LOAD {loaded}"))
    yield
    total = loaded + 1
    log.append((name, "ADD"))
    yield
    counter = total
    log.append((name, f"STORE {total}"))
    yield


print("three threads of ten bytecodes, a switch every 3")
log = []
tell(log, run(3, [ten_bytecodes(name, log) for name in "ABC"]))

for interval in (1, 3):
    counter = 0
    log = []
    print(f"\ntwo threads of counter += 1, a switch every {interval}")
    tell(log, run(interval, [increment(name, log) for name in "AB"]))
    print("counter", counter)
