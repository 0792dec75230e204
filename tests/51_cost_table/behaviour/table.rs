//! How durations are rounded, how the table is laid out, and what the ratios are.

use super::statistics::{nanos, summary};
use harness::{expect, expect_eq, fact};
use subject::{Cost, Kind, rounded, table};

fn row(kind: Kind, create: u64, p95: u64, switch: u64) -> (Kind, Cost) {
    // Numbers that have no place in the table are loud.
    let loud = 777_777_777_777_777;
    (kind, Cost { create: summary(create, p95, loud), switch: summary(switch, loud, loud) })
}

/// Durations are written with three significant digits.
///
/// Next: this function is given; do not change it.
#[fact]
fn durations_are_rounded() {
    let short = [0, 999, 1_000, 1_004, 1_005, 9_994, 9_995, 99_950, 999_499, 999_500].map(|n| rounded(nanos(n)));
    let expected =
        ["0 ns", "999 ns", "1.00 µs", "1.00 µs", "1.01 µs", "9.99 µs", "10.0 µs", "100 µs", "999 µs", "1.00 ms"];
    expect_eq!(short, expected, "0, 999, 1000, 1004, 1005, 9994, 9995, 99950, 999499 and 999500 ns, rounded");
    let long = [20_300_000, 1_062_000_000, 999_499_999_999, 999_500_000_000, 123_456_500_000_000];
    let expected = ["20.3 ms", "1.06 s", "999 s", "1000 s", "123457 s"];
    expect_eq!(
        long.map(|n| rounded(nanos(n))),
        expected,
        "20.3 ms, 1.062 s, 999.5 s less 1 ns, 999.5 s and 123456.5 s, rounded"
    );
}

/// The table of these rows has exactly these lines.
fn expect_table(rows: &[(Kind, Cost)], expected: &str, about: &str) {
    let text = table(rows);
    for (number, (seen, expected)) in text.lines().zip(expected.lines()).enumerate() {
        let about = format!("line {} of {about}", number + 1);
        expect!(seen == expected, about, format!("\n{expected}"), format!("\n{seen}"));
    }
    // The end of each line included.
    expect_eq!(text.lines().count(), expected.lines().count(), format!("the number of lines of {about}"));
    expect_eq!(
        text.len(),
        expected.len(),
        format!("the number of bytes of {about}, whose lines are as they should be")
    );
}

/// The table has the rows that it was given, in columns as wide as their widest cell.
///
/// Next: all cells first, then the widths, in characters; only then the lines.
#[fact]
fn the_table_is_laid_out() {
    let expected = "\
| kind | create | p95 | switch | ratio | memory | cores |
|:-----|-------:|----:|-------:|------:|:-------|:------|
";
    expect_table(&[], expected, "the table without rows");
    let expected = "\
| kind |  create |     p95 | switch | ratio | memory | cores |
|:-----|--------:|--------:|-------:|------:|:-------|:------|
| task | 45.6 µs | 2.00 ms |   9 ns |     1 | shared | one   |
";
    expect_table(&[row(Kind::Task, 45_600, 2_000_000, 9)], expected, "the table with one row");
    let expected = "\
| kind    |   create |      p95 |  switch |     ratio | memory | cores |
|:--------|---------:|---------:|--------:|----------:|:-------|:------|
| process | 123457 s | 222222 s | 8.00 µs | 123456500 | own    | all   |
| thread  |  1.00 ms |  2.00 ms | 7.00 µs |         1 | shared | all   |
| task    |  1.05 ms |  1.06 ms | 5.00 µs |         1 | shared | one   |
| thread  |  2.00 ms |  9.00 ms | 6.00 µs |         2 | shared | all   |
";
    let rows = [
        row(Kind::Process, 123_456_500_000_000, 222_222_000_000_000, 8_000),
        row(Kind::Thread, 1_000_000, 2_000_000, 7_000),
        row(Kind::Task, 1_050_000, 1_060_000, 5_000),
        row(Kind::Thread, 2_000_000, 9_000_000, 6_000),
    ];
    expect_table(&rows, expected, "the table with rows in some order, two of a kind");
}

/// The ratio is that to the cheapest creation, rounded half up, and there is none to nothing.
///
/// Next: in whole numbers: add half of the divisor before you divide; look at a divisor of zero first.
#[fact]
fn ratios_are_rounded_half_up() {
    let ratios = |creates: &[u64]| -> Vec<String> {
        let rows: Vec<_> = creates.iter().map(|create| row(Kind::Thread, *create, 1, 1)).collect();
        let text = table(&rows);
        let cell = |line: &str| line.split('|').nth(5).unwrap_or("no such cell").trim().to_owned();
        text.lines().skip(2).map(cell).collect()
    };
    expect_eq!(
        ratios(&[149, 100, 150, 249, 250]),
        ["1", "1", "2", "2", "3"],
        "ratios of 149, 100, 150, 249 and 250 ns"
    );
    expect_eq!(ratios(&[3, 4, 5]), ["1", "1", "2"], "ratios of 3, 4 and 5 ns");
    expect_eq!(ratios(&[0, 5]), ["-", "-"], "ratios of 0 and 5 ns");
    let precise = ratios(&[3, 10_000_000_000_000_003]);
    expect_eq!(precise, ["1", "3333333333333334"], "ratios of 3 and 10,000,000,000,000,003 ns");
}
