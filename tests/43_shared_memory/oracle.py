"""The article's Value and Array, with processes that run together and lines that are printed in order."""

from multiprocessing import Array, Process, Value


def adds(counter):
    for _ in range(1000):
        with counter.get_lock():
            counter.value += 1


def squares(array, index):
    with array.get_lock():
        array[index] = index * index


def four(target, arguments):
    processes = [Process(target=target, args=arguments(index)) for index in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def main():
    counter = Value("q", 0)
    array = Array("i", 4)
    print(f"counter: {counter.value}")
    four(adds, lambda index: (counter,))
    print(f"counter: {counter.value}")
    four(squares, lambda index: (array, index))
    print(f"squares: {array[:]}")
    with array.get_lock():
        array[:] = array[::-1]
    print(f"reversed: {array[:]}")
    four(adds, lambda index: (counter,))
    print(f"counter: {counter.value}")


if __name__ == "__main__":
    main()
