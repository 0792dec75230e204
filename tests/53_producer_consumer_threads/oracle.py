"""Prints the body of the transcript, with `threading` and `queue.Queue`.

The snippet of the article, made to end: one sentinel for each consumer, put by whoever has seen the last producer end.
What the article's version does not have is written out here: a failure that stops the producer and is handed back.
"""

import queue
import threading

END = object()


def run(sources, consumers, capacity, work):
    buffer = queue.Queue(maxsize=capacity)
    produced, handled = [0] * len(sources), [0] * consumers
    stopped, failures = threading.Event(), []

    def produce(number, source):
        for item in source:
            buffer.put(item)
            if stopped.is_set():
                return
            produced[number] += 1

    def consume(number):
        while (item := buffer.get()) is not END:
            # A stopped consumer goes on taking, or the producers would wait for room for ever.
            if stopped.is_set():
                continue
            try:
                work(item)
            except ValueError as error:
                failures.append((item, error))
                stopped.set()
            else:
                handled[number] += 1

    producers = [threading.Thread(target=produce, args=pair) for pair in enumerate(sources)]
    workers = [threading.Thread(target=consume, args=(number,)) for number in range(consumers)]
    for thread in producers + workers:
        thread.start()
    for thread in producers:
        thread.join()
    for _ in workers:
        buffer.put(END)
    for thread in workers:
        thread.join()
    return produced, handled, failures


def one_of_each():
    print("one producer, one consumer, room for 4")
    last = threading.Event()

    def source():
        for item in range(5):
            if item == 4:
                last.set()
            yield item

    def work(item):
        last.wait()
        print(f"  consumed {item}")

    produced, handled, _ = run([source()], 1, 4, work)
    print(f"  produced {produced}, handled {handled}")


def a_failure():
    print("the consumer refuses an item")

    def work(item):
        if item == 3:
            raise ValueError("too big")
        print(f"  consumed {item}")

    _, handled, failures = run([range(1000)], 1, 2, work)
    item, error = failures[0]
    print(f"  item {item} failed after {sum(handled)} were handled: {error}")
    print(f"  item {item}, error '{error}', handled {sum(handled)}")


def several_of_each():
    print("three producers, two consumers, room for 2")
    items, lock = [], threading.Lock()

    def work(item):
        with lock:
            items.append(item)

    produced, handled, _ = run([range(10), range(10, 30), range(30, 60)], 2, 2, work)
    print(f"  produced {produced}")
    print(f"  handled {sum(handled)} by {len(handled)} consumers")
    print(f"  sum {sum(items)}")


one_of_each()
a_failure()
several_of_each()
