"""The same work on CPython's own event loop, with a clock that jumps: prints the transcript.

asyncio is the simulator here. The loop's clock is virtual: when nothing is ready, it jumps to the next timer. A job is a task;
waiting outside is asyncio.sleep; computing is a sleep too, but with an interpreter (a Lock, which is first come, first
served) and a core (a Semaphore) in hand. A pool is a Semaphore with as many places as it has workers.
"""

import asyncio
import selectors
from contextlib import AsyncExitStack

CORES = 4


class JumpingSelector(selectors.SelectSelector):
    """Instead of waiting for a time-out, lets it pass at once."""

    now = 0

    def select(self, timeout=None):
        self.now += timeout or 0
        return super().select(0)


def in_virtual_time(main):
    selector = JumpingSelector()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now
    try:
        loop.run_until_complete(main)
        return round(selector.now)
    finally:
        loop.close()


async def carry_out(jobs, workers, interpreter_of):
    """Carries out all jobs, so many at once; returns for how long cores were computing."""
    pool, cores = asyncio.Semaphore(workers), asyncio.Semaphore(CORES)
    interpreters = [asyncio.Lock() for _ in jobs]
    busy = 0

    async def carry(index, job):
        nonlocal busy
        async with pool:
            for kind, length in job:
                async with AsyncExitStack() as needs:
                    if kind == "cpu":
                        await needs.enter_async_context(interpreters[interpreter_of(index)])
                        await needs.enter_async_context(cores)
                        busy += length
                    await asyncio.sleep(length)

    await asyncio.gather(*(carry(index, job) for index, job in enumerate(jobs)))
    return busy


def simulate(jobs, workers, interpreter_of):
    busy = 0

    async def main():
        nonlocal busy
        busy = await carry_out(jobs, workers, interpreter_of)

    makespan = in_virtual_time(main())
    return makespan, busy


def cpu(length):
    return ("cpu", length)


def io(length):
    return ("io", length)


ALL = 10**9
ROWS = [
    ("8 threads", 8, lambda job: 0),
    ("4 processes", 4, lambda job: job),
    ("asyncio", ALL, lambda job: 0),
    ("4 processes of asyncio", ALL, lambda job: job % 4),
]
# What is recommended comes from these, the cheapest first. A pool of threads has four more than there are cores.
CANDIDATES = [ROWS[2], ROWS[0], ROWS[1], ROWS[3]]

work = [
    ("CPU-bound: 8 jobs that compute for 1000 ms", [[cpu(1000)]] * 8),
    ("I/O-bound: 100 jobs that compute for 1 ms and wait for 2000 ms", [[cpu(1), io(2000)]] * 100),
    (
        "mixed: 40 jobs that fetch for 200 ms, compute for 100 ms, and store for 50 ms",
        [[io(200), cpu(100), io(50)]] * 40,
    ),
    (
        "one slow conversation among 24 short computations",
        [[cpu(10), io(5), cpu(10), io(600)]] + [[cpu(20)]] * 24,
    ),
]

for number, (title, jobs) in enumerate(work):
    if number:
        print()
    print(title)
    for name, workers, interpreter_of in ROWS:
        makespan, busy = simulate(jobs, workers, interpreter_of)
        print(f"  {name:<23} {makespan:>6} ms, {100 * busy // (makespan * CORES):>3} % of {CORES} cores")
    makespans = [simulate(jobs, workers, interpreter_of)[0] for _, workers, interpreter_of in CANDIDATES]
    good_enough = [makespan * 10 <= min(makespans) * 11 for makespan in makespans]
    print(f"  recommended: {CANDIDATES[good_enough.index(True)][0]}")
