"""Three workers that count, one after the other, and a main thread that adds up what they have left.

The snippet of the article, with the thing that it lacks: `threading.local` forgets a thread's value with the thread, so each worker
leaves its own in a list at its end.
"""

import threading

local = threading.local()
values = []


def worker(number):
    name = threading.current_thread().name
    print(f"{name}: begins with {getattr(local, 'count', None)}")
    for _ in range(number * 10):
        local.count = getattr(local, "count", 0) + 1
    print(f"{name}: counts to {local.count}")
    values.append(local.count)


for number in range(1, 4):
    thread = threading.Thread(target=worker, args=(number,), name=f"worker {number}")
    thread.start()
    thread.join()

print(f"main: has {getattr(local, 'count', None)}")
print(f"main: finds {sum(values)} in {len(values)} values")
