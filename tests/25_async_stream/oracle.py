"""Section 2.5, made runnable: what CPython prints for the program in transcript.rs.

The event loop's clock is a variable that jumps to the next timer, so the delays cost no time and the times in the
lines never depend on the machine.
"""

import asyncio
import contextlib
import selectors


class JumpingClock(selectors.DefaultSelector):
    """A selector that does not sleep until the next timer is due: it moves the clock there."""

    now = 0.0

    def select(self, timeout=None):
        if timeout:
            self.now += timeout
        return super().select(0)


clock = JumpingClock()


def run(main):
    loop = asyncio.SelectorEventLoop(clock)
    loop.time = lambda: clock.now
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


def line(text):
    print(f"{round(clock.now * 1000):4} ms  {text}")


async def readings(count):
    line("open")
    try:
        for n in range(count):
            await asyncio.sleep(0.1)
            line(f"yield {n}")
            yield n
        line("end")
    finally:
        line("close")


async def double(n):
    await asyncio.sleep(0.05)
    return 2 * n


async def main():
    print("== async for")
    async for n in readings(3):
        line(f"got {n}")
        await asyncio.sleep(0.2)

    print("== a comprehension")
    line([n * n async for n in readings(5) if n % 2 == 0])

    print("== a comprehension that waits")
    line([await double(n) async for n in readings(3)])

    print("== nobody asks")
    readings(3)
    line("not even opened")

    print("== enough after two")
    async with contextlib.aclosing(readings(5)) as stream:
        line(await anext(stream))
        line(await anext(stream))
        line("enough")
    line("closed")


run(main())
