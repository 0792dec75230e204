"""Three workers that start in turn and end in the opposite order; one of them fails.

The snippet of the article, made to bring back what became of its threads: `run` catches what `Thread` only prints.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

lines = 0
written = threading.Condition()


def line(number, text):
    global lines
    with written:
        written.wait_for(lambda: lines == number)
        print(text, flush=True)
        lines += 1
        written.notify_all()


def worker(number):
    name = threading.current_thread().name
    line(number - 1, f"{name} starts")
    if number == 2:
        line(4, f"{name} fails")
        raise ValueError("out of paper")
    line(3 if number == 3 else 5, f"{name} ends")
    return number * 10


class Job(threading.Thread):
    def __init__(self, number):
        super().__init__(name=f"worker {number}")
        self.number = number
        self.outcome = None

    def run(self):
        try:
            self.outcome = f"returned {worker(self.number)}"
        except ValueError as error:
            self.outcome = f"job '{self.name}' panicked: {error}"


jobs = [Job(number) for number in range(1, 4)]
for job in jobs:
    job.start()
for job in jobs:
    job.join()
print("all workers have finished")
for job in jobs:
    print(job.outcome)

with ThreadPoolExecutor(max_workers=3) as pool:
    print("squares", list(pool.map(lambda number: number * number, range(1, 11))))
