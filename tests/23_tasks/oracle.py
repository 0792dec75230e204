"""Section 2.3, made runnable: what CPython prints for the program in transcript.rs.

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


def told(task):
    try:
        return task.result()
    except asyncio.InvalidStateError:
        return "not done"
    except asyncio.CancelledError:
        return "cancelled"
    except ValueError as error:
        return f"failed: {error}"


async def joined(task):
    """What `await task` gives: the same as `task.result()` afterwards."""
    try:
        await task
    except (asyncio.CancelledError, ValueError):
        pass
    return told(task)


def yes(truth):
    return "yes" if truth else "no"


def show(tasks, done, pending):
    """asyncio.wait returns sets; the order here is that of the arguments."""
    for task in tasks:
        if task in done:
            print(f"done: {told(task)}")
    for task in tasks:
        if task in pending:
            print(f"pending: {told(task)}")


async def main():
    print("== asked before its end")
    task = asyncio.create_task(fetch("A", 1))
    print(f"done: {yes(task.done())}")
    print(told(task))
    print(await joined(task))
    print(f"done: {yes(task.done())}")
    print(told(task))

    print("== cancelled while it waits")
    task = asyncio.create_task(fetch("B", 1))
    await asyncio.sleep(0.5)
    print(f"asked: {yes(task.cancel())}")
    print(f"done: {yes(task.done())}")
    print(await joined(task))
    print(f"done: {yes(task.done())}")
    print(f"asked: {yes(task.cancel())}")

    print("== cancelled before it starts")
    task = asyncio.create_task(fetch("C", 1))
    print(f"asked: {yes(task.cancel())}")
    print(await joined(task))

    print("== the first of three")
    tasks = [asyncio.create_task(fetch(name, delay)) for name, delay in [("D", 1), ("E", 0.5), ("F", 2)]]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    show(tasks, done, pending)
    print("== what a timeout leaves")
    tasks = [task for task in tasks if task in pending]
    done, pending = await asyncio.wait(tasks, timeout=1)
    show(tasks, done, pending)
    print("== the rest")
    tasks = [task for task in tasks if task in pending]
    done, pending = await asyncio.wait(tasks)
    show(tasks, done, pending)

    print("== the first that fails")
    arguments = [("G", 3, False), ("H", 1.5, True), ("I", 1, False), ("J", 5, False)]
    tasks = [asyncio.create_task(fetch(name, delay, breaks)) for name, delay, breaks in arguments]
    await asyncio.sleep(0.5)
    tasks[3].cancel()
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    show(tasks, done, pending)

    print("== what is still pending is stopped")
    for task in pending:
        print(f"asked: {yes(task.cancel())}")
        print(await joined(task))

    print("== nobody keeps a handle")
    # The loop keeps it alive through the timer that it waits for; do not rely on that.
    asyncio.create_task(fetch("K", 1))
    await asyncio.sleep(1.5)


run(main())
