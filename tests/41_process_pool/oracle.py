"""The article's Pool, with the end that it leaves to the reader."""

from multiprocessing import Pool, active_children


def square(number):
    return number * number


def main():
    with Pool(4) as pool:
        print(pool.map(square, range(10)))
        hundred = pool.map(square, range(1, 101))
        print(f"the sum of {len(hundred)} squares is {sum(hundred)}")
        print(pool.map(square, [-3, 3, -4]))
        print(pool.map(square, []))
        pool.close()
        try:
            print(pool.map(square, range(1)))
        except ValueError:
            print("the pool takes no more jobs")
        pool.join()
    if not active_children():
        print("every worker has ended")


if __name__ == "__main__":
    main()
