//! Differences between items and centroids as codes of a few bits a component.

use std::ops::RangeInclusive;

use clip_rs_catalog::cells::code_bytes;

/// What a vector is multiplied by before it is rounded, in tenths of what brings its largest component to the end of the range: the
/// best of them depends on the vector.
const STRETCHES: RangeInclusive<usize> = 10..=26;
/// The same where there are many levels, and little is won by cutting off the ends.
const FEWER_STRETCHES: RangeInclusive<usize> = 10..=12;
/// Bits from which on there are many levels.
const MANY_LEVELS: usize = 5;

/// The middle of a level is half a level above its lower end, which its number counts.
pub(super) const HALF: f32 = 0.5;

/// A difference, rounded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rounded {
    /// Levels from the middle, -2^(bits - 1) to 2^(bits - 1) - 1; each stands for a component of [`HALF`] more.
    pub(super) numbers: Vec<i8>,
    /// What numbers and [`HALF`] are multiplied by, so that products with it are right on average.
    pub(super) scale: f32,
}

/// Rounds a difference to so many bits (1 to 8) a component: to the grid of those that is nearest to it in direction.
pub(super) fn round(difference: &[f32], bits: usize) -> Rounded {
    let levels = (1_i32 << bits) as f32;
    let largest = difference.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let square: f32 = difference.iter().map(|x| x * x).sum();
    if !(square.is_finite() && square > f32::MIN_POSITIVE) {
        return Rounded { numbers: vec![0; difference.len()], scale: 0.0 };
    }
    let number = |x: f32, stretch: f32| (x * stretch).floor().clamp(-levels / 2.0, levels / 2.0 - 1.0);
    let stretch = |tenths: usize| tenths as f32 / 10.0 * (levels / 2.0) / largest;
    let alike = |stretch: f32| {
        let (mut product, mut length) = (0.0_f32, 0.0_f32);
        for x in difference {
            let number = number(*x, stretch) + HALF;
            product += number * x;
            length += number * number;
        }
        product / length.sqrt()
    };
    let stretches = if bits < MANY_LEVELS { STRETCHES } else { FEWER_STRETCHES };
    let best = stretches.map(stretch).max_by(|a, b| alike(*a).total_cmp(&alike(*b))).unwrap_or(1.0);
    let numbers: Vec<f32> = difference.iter().map(|x| number(*x, best)).collect();
    let product: f32 = numbers.iter().zip(difference).map(|(number, x)| (number + HALF) * x).sum();
    Rounded { numbers: numbers.into_iter().map(|number| number as i8).collect(), scale: square / product }
}

/// Appends the bits of `numbers` to `codes`.
pub(super) fn pack(numbers: &[i8], bits: usize, codes: &mut Vec<u8>) {
    let levels = 1_i32 << bits;
    let (mut held, mut count) = (0_u32, 0);
    for number in numbers {
        held |= (i32::from(*number) + levels / 2).cast_unsigned() << count;
        count += bits;
        while count >= 8 {
            codes.push(held as u8);
            held >>= 8;
            count -= 8;
        }
    }
    if count > 0 {
        codes.push(held as u8);
    }
}

/// The numbers of so many codes, shape `(count, dim)`. Bits that are missing are 0.
pub(super) fn unpack(codes: &[u8], count: usize, dim: usize, bits: usize) -> Vec<i8> {
    let levels = 1_i32 << bits;
    let mut numbers = Vec::with_capacity(count * dim);
    for code in codes.chunks_exact(code_bytes(dim, bits).max(1)).take(count) {
        let mut bytes = code.iter();
        let (mut held, mut there) = (0_u32, 0);
        for _ in 0..dim {
            if there < bits {
                held |= u32::from(bytes.next().copied().unwrap_or(0)) << there;
                there += 8;
            }
            let level = held & (levels - 1).cast_unsigned();
            held >>= bits;
            there -= bits;
            numbers.push((level.cast_signed() - levels / 2) as i8);
        }
    }
    numbers
}

/// Scales as numbers of 16 bits, and the unit that they count.
pub(super) fn scales(scales: &[f32]) -> (Vec<u16>, f32) {
    let unit = scales.iter().fold(0.0_f32, |most, scale| most.max(*scale));
    let number = |scale: &f32| if unit > 0.0 { (scale / unit * 65_535.0).round() as u16 } else { 0 };
    (scales.iter().map(number).collect(), unit)
}

/// The scale that such a number stands for.
pub(super) fn scale(number: u16, unit: f32) -> f32 {
    f32::from(number) * unit / 65_535.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    fn vector(dice: &mut Dice, dim: usize) -> Vec<f32> {
        // Sums of four are nearly normal.
        (0..dim).map(|_| (0..4).map(|_| dice.unit() as f32 - 0.5).sum()).collect()
    }

    #[test]
    fn what_is_packed_is_what_is_unpacked() {
        let mut dice = Dice::new(4);
        for bits in 1..=8 {
            for dim in [1, 3, 8, 64, 100] {
                let rows: Vec<Vec<i8>> =
                    (0..3).map(|_| round(&vector(&mut dice, dim), bits).numbers).collect();
                let mut codes = Vec::new();
                rows.iter().for_each(|row| pack(row, bits, &mut codes));
                assert_eq!(codes.len(), 3 * code_bytes(dim, bits));
                assert_eq!(unpack(&codes, 3, dim, bits), rows.concat(), "{bits} bits, {dim} components");
            }
        }
    }

    #[test]
    fn more_bits_are_nearer_and_products_are_right_on_average() {
        let seed = 6;
        let mut dice = Dice::new(seed);
        let mut worse = f32::INFINITY;
        for (bits, most) in [(1, 0.11), (2, 0.055), (4, 0.016), (6, 0.006), (8, 0.0015)] {
            let (mut squares, mut sum) = (0.0, 0.0);
            for _ in 0..500 {
                let [a, b] = [vector(&mut dice, 64), vector(&mut dice, 64)];
                let Rounded { numbers, scale } = round(&a, bits);
                let [length_a, length_b] = [&a, &b].map(|x| x.iter().map(|x| x * x).sum::<f32>().sqrt());
                let product: f32 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
                let estimate: f32 =
                    numbers.iter().zip(&b).map(|(n, b)| (f32::from(*n) + HALF) * scale * b).sum();
                let error = (estimate - product) / (length_a * length_b);
                squares += error * error;
                sum += error;
            }
            let spread = (squares / 500.0).sqrt();
            assert!(spread < most && spread < worse, "seed {seed}, {bits} bits: {spread}");
            assert!((sum / 500.0).abs() < spread / 5.0, "seed {seed}, {bits} bits: {sum}");
            worse = spread;
        }
    }

    #[test]
    fn no_difference_at_all_is_no_direction() {
        let rounded = round(&[0.0; 5], 4);
        assert_eq!((rounded.numbers, rounded.scale), (vec![0; 5], 0.0));
        let (numbers, unit) = scales(&[0.0, 0.0]);
        assert_eq!((scale(numbers[1], unit), unit), (0.0, 0.0));
        let (numbers, unit) = scales(&[0.3, 0.1]);
        assert!((scale(numbers[0], unit) - 0.3).abs() < 1e-6 && (scale(numbers[1], unit) - 0.1).abs() < 1e-5);
    }
}
