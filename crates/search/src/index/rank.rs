//! Items found, as numbers that order as results do.

use super::Neighbour;

/// An item and its cosine in one number: the smaller, the nearer to the query. Of equal cosines the smaller ordinal is
/// first, so the order is total and results never depend on luck.
///
/// From the highest bit: the cosine as a descending number (32 bits), the ordinal (31), a mark (1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(u64);

impl Rank {
    /// `ordinal` is below 2^31.
    pub(crate) fn new(ordinal: u32, cosine: f32) -> Self {
        Self(u64::from(!ascending(cosine.to_bits())) << 32 | u64::from(ordinal) << 1)
    }

    pub(crate) fn ordinal(self) -> u32 {
        self.0 as u32 >> 1
    }

    pub(crate) fn cosine(self) -> f32 {
        f32::from_bits(bits(!(self.0 >> 32) as u32))
    }

    pub(crate) fn neighbour(self) -> Neighbour {
        Neighbour { ordinal: self.ordinal() as usize, cosine: self.cosine() }
    }

    /// Marks it; whether it was not marked before.
    pub(crate) fn mark(&mut self) -> bool {
        let new = self.0 & 1 == 0;
        self.0 |= 1;
        new
    }
}

const SIGN: u32 = 1 << 31;

/// The bits of a float as an integer that orders as `f32::total_cmp` does.
fn ascending(bits: u32) -> u32 {
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// The inverse of [`ascending`].
fn bits(ascending: u32) -> u32 {
    if ascending & SIGN == 0 { !ascending } else { ascending & !SIGN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_order_by_falling_cosine_then_rising_ordinal_and_give_both_back() {
        let cosines = [1.0, 0.999_999_94, 0.5, f32::MIN_POSITIVE, 0.0, -0.0, -1e-30, -0.25, -1.0];
        let ordinals = [0, 1, 70_000, (1 << 31) - 1];
        let pairs = cosines.iter().flat_map(|&cosine| ordinals.map(|ordinal| (ordinal, cosine)));
        let ranks: Vec<_> =
            pairs.map(|(ordinal, cosine)| (Rank::new(ordinal, cosine), ordinal, cosine)).collect();
        assert!(ranks.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (mut rank, ordinal, cosine) in ranks {
            assert_eq!((rank.mark(), rank.mark()), (true, false));
            let found = rank.neighbour();
            assert_eq!((found.ordinal, found.cosine.to_bits()), (ordinal as usize, cosine.to_bits()));
        }
    }
}
