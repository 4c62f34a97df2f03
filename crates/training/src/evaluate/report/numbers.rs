//! Numbers as the page writes them.

use super::super::bootstrap::Interval;

/// 0 to 1 as percent with one decimal.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

/// 0 to 1 as "so many of 100".
pub(super) fn of_100(share: f64) -> String {
    format!("{:.0} of 100", 100.0 * share)
}

/// An interval in the figure's own unit, multiplied by `scale`, with so many decimals.
pub(super) fn interval(interval: &Interval, scale: f64, decimals: usize) -> String {
    format!("{:.decimals$} to {:.decimals$}", scale * interval.low, scale * interval.high)
}

/// With commas between thousands.
pub(super) fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut written = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// Bytes as megabytes.
pub(super) fn megabytes(bytes: usize) -> String {
    format!("{:.2}", bytes as f64 / 1e6)
}

/// Milliseconds with two significant digits or more.
pub(super) fn milliseconds(time: f64) -> String {
    let decimals = if time >= 10.0 { 0 } else { 1 + usize::from(time < 1.0) };
    format!("{time:.decimals$}")
}

/// "a", "a and b", "a, b and c".
pub(super) fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [former @ .., last] => format!("{} and {last}", former.join(", ")),
    }
}

/// Round values from 0 to just above `most`, about five of them, for an axis.
pub(super) fn ticks(most: f64) -> Vec<f64> {
    let most = if most > 0.0 && most.is_finite() { most } else { 1.0 };
    let rough = most / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    let steps = (most / step).ceil() as u32;
    (0..=steps).map(|at| f64::from(at) * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!((count(0), count(999), count(1_000)), ("0".into(), "999".into(), "1,000".into()));
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!((percent(0.7051), of_100(0.7051)), ("70.5".into(), "71 of 100".into()));
        assert_eq!(megabytes(11_444_657), "11.44");
        assert_eq!(
            [0.123, 4.56, 45.6].map(milliseconds),
            ["0.12".to_owned(), "4.6".to_owned(), "46".to_owned()]
        );
        assert_eq!([list(&[]), list(&["a"]), list(&["a", "b", "c"])], ["", "a", "a, b and c"]);
        let of = Interval { low: 0.1234, high: 0.2, resampled: Vec::new() };
        assert_eq!(interval(&of, 100.0, 1), "12.3 to 20.0");
    }

    #[test]
    fn an_axis_is_round_and_holds_everything() {
        assert_eq!(ticks(16.0), [0.0, 5.0, 10.0, 15.0, 20.0]);
        assert_eq!(ticks(100.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        for most in [0.003, 0.9, 7.0, 33.3, 99.9, 12_345.0] {
            let ticks = ticks(most);
            assert!((3..=7).contains(&ticks.len()), "{most}: {ticks:?}");
            assert!(ticks.last().is_some_and(|last| *last >= most), "{most}: {ticks:?}");
        }
        assert!(ticks(0.0).len() > 1 && ticks(f64::NAN).len() > 1);
    }
}
