"""The article's processes of event loops. Barriers stand for the network, so that who is inside with whom is no chance."""

import asyncio
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

PROCESSES = 2
AT_ONCE = 6


def set_up(barrier):
    global meeting
    meeting = barrier


async def square(item, network):
    await network.wait()
    if item == 7:
        raise ValueError("seven is not allowed")
    return item * item


async def tell_process(item, network):
    await network.wait()
    return os.getpid()


async def handle_all(handle, share):
    network = asyncio.Barrier(AT_ONCE)
    return await asyncio.gather(*(handle(item, network) for item in share), return_exceptions=True)


def worker(handle, share):
    # An idle process could take both shares, one after the other.
    meeting.wait()
    return asyncio.run(handle_all(handle, share))


def hybrid_map(handle, items):
    shares = [items[first::PROCESSES] for first in range(PROCESSES)]
    results = [None] * len(items)
    barrier = multiprocessing.Barrier(PROCESSES)
    with ProcessPoolExecutor(PROCESSES, initializer=set_up, initargs=(barrier,)) as pool:
        for first, share in enumerate(pool.map(worker, [handle] * PROCESSES, shares)):
            results[first::PROCESSES] = share
    return results


def main():
    items = list(range(PROCESSES * AT_ONCE))
    print(f"{len(items)} items, {PROCESSES} processes, {AT_ONCE} at once in each")
    for item, result in zip(items, hybrid_map(square, items)):
        failed = "failed, " if isinstance(result, Exception) else ""
        print(f"item {item}: {failed}{result}")
    processes = hybrid_map(tell_process, items)
    print(f"items done by each process: {sorted(map(processes.count, set(processes)))}")


if __name__ == "__main__":
    main()
