"""A thousand threads add 1 each to the same number, under a lock: the article's program."""

import threading

counter = 0
lock = threading.Lock()


def increment():
    global counter
    with lock:
        counter += 1


threads = [threading.Thread(target=increment) for _ in range(1000)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(counter)
