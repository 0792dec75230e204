//! How long a product takes on several threads.

use harness::workload;
use std::ops::{Add, Mul};
use std::time::Duration;
use subject::{Gil, Matrix, dot};

/// A number of which multiplying takes its time, and no processor: so what is measured is how many multiply at the same
/// time, however few cores there are, and however busy they are with other things.
#[derive(Clone, Copy, Debug, Default)]
struct Slow(u64);

impl Add for Slow {
    type Output = Slow;
    fn add(self, other: Slow) -> Slow {
        Slow(self.0 + other.0)
    }
}

impl Mul for Slow {
    type Output = Slow;
    fn mul(self, other: Slow) -> Slow {
        std::thread::sleep(Duration::from_micros(500));
        Slow(self.0 * other.0)
    }
}

/// A product of sixteen rows on four threads, of numbers that take half a millisecond to multiply.
#[workload]
fn a_product_on_four_threads(n: u64) -> u64 {
    let b = Matrix::new(2, 1, vec![Slow(3), Slow(5)]);
    Gil::new().with(|py| {
        let product =
            |round: u64| dot(py, &Matrix::new(16, 2, (0..32).map(|cell| Slow(round + cell)).collect()), &b, 4);
        let sum = |product: Matrix<Slow>| (0..16).map(|row| product.row(row)[0].0 << row).sum::<u64>();
        (0..n).map(|round| sum(product(round))).sum()
    })
}
