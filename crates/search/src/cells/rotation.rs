//! A rotation that makes the components of any embedding of like size, in as many steps as there are components times a logarithm.
//!
//! Codes give each component the same few bits. Components of a model are not alike, so they are mixed first: random signs and
//! Walsh-Hadamard transforms in turn (Ailon and Chazelle 2009, <https://doi.org/10.1137/060673096>). Where the number of components is
//! no power of two, the transforms take the first and the last of them in turn.

use clip_rs_catalog::cells::{ROUNDS, sign_bytes};

use crate::dice::Dice;

/// An orthogonal map of vectors of one dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Rotation {
    dim: usize,
    /// 1 or -1 for each round and component.
    signs: Vec<f32>,
}

impl Rotation {
    /// One of `dim` components, which depends on the seed alone.
    pub fn random(dim: usize, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let signs = (0..ROUNDS * dim).map(|_| if dice.unit() < 0.5 { 1.0 } else { -1.0 }).collect();
        Self { dim, signs }
    }

    /// The one that a file of centroids describes; bits that are missing are 0.
    pub fn from_signs(dim: usize, bytes: &[u8]) -> Self {
        let sign = |round: usize, at: usize| {
            let byte = bytes.get(round * sign_bytes(dim) + at / 8).copied().unwrap_or(0);
            if byte >> (at % 8) & 1 == 1 { -1.0 } else { 1.0 }
        };
        let signs = (0..ROUNDS).flat_map(|round| (0..dim).map(move |at| (round, at)));
        Self { dim, signs: signs.map(|(round, at)| sign(round, at)).collect() }
    }

    /// What a file of centroids says of it.
    pub fn to_signs(&self) -> Vec<u8> {
        let byte = |signs: &[f32]| {
            signs
                .iter()
                .enumerate()
                .map(|(at, sign)| u8::from(*sign < 0.0) << at)
                .fold(0, |all, bit| all | bit)
        };
        self.signs.chunks(self.dim.max(1)).flat_map(|round| round.chunks(8).map(byte)).collect()
    }

    /// The rotated vector, shape `(dim,)`.
    pub fn turn(&self, mut vector: Vec<f32>) -> Vec<f32> {
        for (round, signs) in self.signs.chunks(self.dim.max(1)).enumerate() {
            change_signs(&mut vector, signs);
            transform(self.part(&mut vector, round));
        }
        vector
    }

    /// The vector of which a rotated one was made.
    pub fn back(&self, mut vector: Vec<f32>) -> Vec<f32> {
        for (round, signs) in self.signs.chunks(self.dim.max(1)).enumerate().rev() {
            transform(self.part(&mut vector, round));
            change_signs(&mut vector, signs);
        }
        vector
    }

    /// The components that a round transforms: as many as the largest power of two, the first or the last.
    fn part<'a>(&self, vector: &'a mut [f32], round: usize) -> &'a mut [f32] {
        let length = vector.len();
        let power = length.checked_ilog2().map_or(0, |log| 1 << log);
        let from = if round.is_multiple_of(2) { 0 } else { length - power };
        vector.get_mut(from..from + power).unwrap_or_default()
    }
}

fn change_signs(vector: &mut [f32], signs: &[f32]) {
    vector.iter_mut().zip(signs).for_each(|(x, sign)| *x *= sign);
}

/// The Walsh-Hadamard transform of as many numbers as a power of two, of the same length as they are: its own inverse.
fn transform(vector: &mut [f32]) {
    let mut half = 1;
    while half < vector.len() {
        for pair in vector.chunks_exact_mut(2 * half) {
            let (low, high) = pair.split_at_mut(half);
            for (a, b) in low.iter_mut().zip(high) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
    let scale = 1.0 / (vector.len() as f32).sqrt();
    vector.iter_mut().for_each(|x| *x *= scale);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(vector: &[f32]) -> f32 {
        vector.iter().map(|x| x * x).sum::<f32>().sqrt()
    }

    #[test]
    fn a_rotation_keeps_lengths_and_angles_and_is_undone() {
        for dim in [1, 2, 3, 64, 100, 256, 384, 768] {
            let rotation = Rotation::random(dim, 9);
            let mut dice = Dice::new(dim as u64);
            let mut vector = || (0..dim).map(|_| dice.unit() as f32 - 0.5).collect::<Vec<f32>>();
            let (a, b) = (vector(), vector());
            let (turned_a, turned_b) = (rotation.turn(a.clone()), rotation.turn(b.clone()));
            let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            assert!((length(&turned_a) - length(&a)).abs() < 1e-4 * length(&a), "{dim}");
            assert!((product(&turned_a, &turned_b) - product(&a, &b)).abs() < 1e-3, "{dim}");
            let back = rotation.back(turned_a);
            assert!(back.iter().zip(&a).all(|(x, y)| (x - y).abs() < 1e-5), "{dim}");
        }
    }

    #[test]
    fn a_single_component_is_spread_over_all() {
        for dim in [64, 100, 384] {
            let rotation = Rotation::random(dim, 9);
            for at in [0, dim / 2, dim - 1] {
                let mut vector = vec![0.0; dim];
                vector[at] = 1.0;
                let largest = rotation.turn(vector).into_iter().fold(0.0_f32, |most, x| most.max(x.abs()));
                assert!(largest < 6.0 / (dim as f32).sqrt(), "{largest} of component {at} of {dim}");
            }
        }
    }

    #[test]
    fn a_rotation_survives_being_written() {
        for dim in [1, 7, 8, 9, 64, 100] {
            let rotation = Rotation::random(dim, 3);
            let bytes = rotation.to_signs();
            assert_eq!(bytes.len(), ROUNDS * sign_bytes(dim));
            assert_eq!(Rotation::from_signs(dim, &bytes), rotation);
        }
    }
}
