//! Marks as colours on a map: from dark violet over red to yellow, which stand out on imagery and are told apart by those who do not
//! see red or green; and for differences blue on one side and orange on the other.

use crate::protocol::explore::mark_of;

/// Red, green and blue at equal steps of a mark from 0 to 1; lightness grows all the way.
const MARKS: [[f32; 3]; 6] = [
    [44.0, 16.0, 100.0],
    [105.0, 20.0, 130.0],
    [175.0, 40.0, 110.0],
    [228.0, 84.0, 62.0],
    [250.0, 152.0, 30.0],
    [252.0, 238.0, 120.0],
];
/// The first query fits better, up to fully.
const FIRST: [f32; 3] = [245.0, 130.0, 20.0];
/// The second one does.
const SECOND: [f32; 3] = [30.0, 110.0, 235.0];
/// A difference that is seen as plainly as can be.
const FULL: f32 = 0.5;

/// Red, green, blue and opacity of a mark, 0..=1; below `threshold` it is not to be seen.
pub fn of_mark(mark: f32, threshold: f32) -> [u8; 4] {
    if mark < threshold {
        return [0; 4];
    }
    let steps = (MARKS.len() - 1) as f32;
    let at = mark.clamp(0.0, 1.0) * steps;
    let low = (at as usize).min(MARKS.len() - 2);
    let share = at - low as f32;
    let (from, to) = (MARKS[low], MARKS[low + 1]);
    let channel = |at: usize| (from[at] + (to[at] - from[at]) * share).round() as u8;
    [channel(0), channel(1), channel(2), 255]
}

/// The same of a difference, -1..=1, not to be seen where it is smaller than `threshold` either way.
pub fn of_difference(difference: f32, threshold: f32) -> [u8; 4] {
    if difference.abs() < threshold {
        return [0; 4];
    }
    let [red, green, blue] = if difference >= 0.0 { FIRST } else { SECOND };
    let opacity = (difference.abs() / FULL).clamp(0.0, 1.0) * 255.0;
    [red as u8, green as u8, blue as u8, opacity.round() as u8]
}

/// The pixels of the cells of a layer, each a byte as the protocol has it: 0 where there is nothing.
pub fn pixels(cells: &[u8], threshold: f32, is_difference: bool) -> Vec<u8> {
    let colour = |cell: &u8| match mark_of(*cell, is_difference) {
        None => [0; 4],
        Some(mark) if is_difference => of_difference(mark, threshold),
        Some(mark) => of_mark(mark, threshold),
    };
    cells.iter().flat_map(colour).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn larger_marks_are_lighter_and_none_is_seen_below_the_threshold() {
        let light = |[r, g, b, _]: [u8; 4]| 0.3 * f32::from(r) + 0.59 * f32::from(g) + 0.11 * f32::from(b);
        let steps: Vec<f32> = (0..=20).map(|at| light(of_mark(at as f32 / 20.0, 0.0))).collect();
        assert!(steps.is_sorted() && steps[20] > steps[0] + 100.0, "{steps:?}");
        assert_eq!(of_mark(0.49, 0.5)[3], 0);
        assert_eq!(of_mark(0.5, 0.5)[3], 255);
        assert_eq!(of_mark(7.0, 0.0), of_mark(1.0, 0.0));
    }

    #[test]
    fn a_difference_has_a_colour_for_each_side_and_none_in_the_middle() {
        assert_eq!(of_difference(0.05, 0.1)[3], 0);
        let (first, second) = (of_difference(0.4, 0.1), of_difference(-0.4, 0.1));
        assert!(first[0] > first[2] && second[2] > second[0] && first[3] == second[3]);
    }

    #[test]
    fn cells_become_pixels() {
        assert_eq!(pixels(&[0, 255], 0.5, false), [[0; 4], of_mark(1.0, 0.5)].concat());
        assert_eq!(pixels(&[1, 128, 255], 0.1, true)[7], 0, "128 is where both fit alike");
    }
}
