"""Section 2.4, made runnable: what CPython prints for the program in transcript.rs.

The event loop's clock is a variable that jumps to the next timer, so the delays cost no time and the order of the
lines never depends on the machine.
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


def run(main):
    clock = JumpingClock()
    loop = asyncio.SelectorEventLoop(clock)
    loop.time = lambda: clock.now
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


def line(text):
    print(f"{asyncio.get_running_loop().time():.1f}  {text}")


def ending(exception):
    if exception is None:
        return "returned"
    return "cancelled" if issubclass(exception, asyncio.CancelledError) else "failed"


class AsyncResource:
    """The article's, with a name, an error on demand, and a word on how its body ended."""

    def __init__(self, name, enters=True, exits=True):
        self.name, self.enters, self.exits = name, enters, exits

    async def __aenter__(self):
        line(f"acquire {self.name}")
        await asyncio.sleep(1)
        if not self.enters:
            raise ValueError(f"{self.name} refused")
        return self

    async def __aexit__(self, exception, value, traceback):
        line(f"release {self.name}: {ending(exception)}")
        await asyncio.sleep(1)
        if not self.exits:
            raise ValueError(f"{self.name} broke")
        line(f"released {self.name}")


def first_to_last(error):
    """What went wrong first, and what came after it: Python chains them the other way round."""
    errors = []
    while error is not None:
        errors.insert(0, str(error))
        error = error.__context__
    return "; then ".join(errors)


async def reported(coroutine):
    try:
        line(f"result: {await coroutine}")
    except ValueError as error:
        line(f"error: {first_to_last(error)}")


async def use(name, fails=False, delay=0.5, **how):
    async with AsyncResource(name, **how) as resource:
        line(f"use {resource.name}")
        await asyncio.sleep(delay)
        if fails:
            raise ValueError("use failed")
        return f"data of {resource.name}"


async def use_many(fails=False, delay=0.5):
    async def callback(exception, value, traceback):
        line(f"callback: {ending(exception)}")

    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(AsyncResource("A"))
        stack.push_async_exit(callback)
        second = await stack.enter_async_context(AsyncResource("B", exits=not fails))
        line(f"use {first.name} and {second.name}")
        await asyncio.sleep(delay)
        return "done"


async def main():
    print("== the article's")
    await reported(use("resource"))
    print("== the body fails")
    await reported(use("resource", fails=True))
    print("== the exit fails")
    await reported(use("resource", exits=False))
    print("== both fail")
    await reported(use("resource", fails=True, exits=False))
    print("== entering fails")
    await reported(use("resource", enters=False))
    print("== many")
    await reported(use_many())
    print("== one of many fails")
    await reported(use_many(fails=True))
    # What is cancelled in Python cleans up before it gives way. In Rust it is dropped, and its exits go on beside whoever
    # gave it up: to see the same lines, both wait for a while before they go on.
    print("== given up")
    task = asyncio.create_task(use("resource", delay=60))
    await asyncio.sleep(5)
    task.cancel()
    await asyncio.sleep(5)
    line(f"is over: {task.done()}")
    print("== many given up")
    task = asyncio.create_task(use_many(delay=60))
    await asyncio.sleep(5)
    task.cancel()
    await asyncio.sleep(5)
    line(f"is over: {task.done()}")


run(main())
