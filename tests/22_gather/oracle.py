"""Section 2.2, made runnable: what CPython prints for the program in transcript.rs.

The event loop's clock is a variable that jumps to the next timer, so the delays cost no time and the order of the
lines never depends on the machine.
"""

import asyncio
import selectors


class JumpingClock(selectors.DefaultSelector):
    """A selector that does not sleep until the next timer is due: it moves the clock there."""

    now = 0.0

    def select(self, timeout=None):
        if timeout:
            self.now += timeout
        return super().select(0)


def run(main):
    clock = JumpingClock()
    loop = asyncio.SelectorEventLoop(clock)
    loop.time = lambda: clock.now
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


async def fetch(name, delay, breaks=False):
    print(f"start {name}")
    try:
        await asyncio.sleep(delay)
    except asyncio.CancelledError:
        print(f"cancel {name}")
        raise
    if breaks:
        print(f"break {name}")
        raise ValueError(f"{name} broke")
    print(f"finish {name}")
    return f"data of {name}"


async def main():
    print("== all of them")
    for result in await asyncio.gather(fetch("A", 1), fetch("B", 2), fetch("C", 0.5)):
        print(result)

    print("== exceptions are results")
    results = await asyncio.gather(fetch("A", 1), fetch("B", 0.5, breaks=True), fetch("C", 2), return_exceptions=True)
    for result in results:
        print(f"failed: {result}" if isinstance(result, Exception) else result)

    # gather() without return_exceptions would leave C running. A task group (Python 3.11) does what try_gather does.
    print("== the first error ends it")
    try:
        async with asyncio.TaskGroup() as group:
            for name, delay, breaks in [("A", 0.5, False), ("B", 1, True), ("C", 2, False)]:
                group.create_task(fetch(name, delay, breaks))
    except* ValueError as errors:
        for error in errors.exceptions:
            print(f"failed: {error}")

    print("== nothing to wait for")
    print(len(await asyncio.gather()))


run(main())
