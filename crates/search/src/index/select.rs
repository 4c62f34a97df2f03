//! Which of the items nearby become neighbours.

use super::rank::Rank;
use super::rows::Rows;

/// At most `limit` of the items in `near`, which come nearest first: those that are nearer to the item than to any that was
/// taken before, so that they lie in different directions; then the others, nearest first.
///
/// Algorithm 4 of Malkov and Yashunin, which keeps what it prunes while there is room.
pub(super) fn select(rows: &Rows, near: &[Rank], limit: usize) -> Vec<u32> {
    let mut taken = Vec::with_capacity(limit.min(near.len()));
    let mut pruned = Vec::new();
    for rank in near {
        if taken.len() == limit {
            break;
        }
        let ordinal = rank.ordinal();
        let apart = taken.iter().all(|&other| rows.cosine(ordinal, other) <= rank.cosine());
        if apart { &mut taken } else { &mut pruned }.push(ordinal);
    }
    taken.extend(pruned.into_iter().take(limit - taken.len()));
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::rows::PreparedQuery;

    #[test]
    fn neighbours_in_different_directions_come_before_nearer_ones_behind_each_other() {
        // Seen from the first, the next three lie behind each other, the fifth on the other side, farther than those.
        let codes: [[i8; 2]; 5] = [[100, 0], [100, 10], [100, 14], [100, 18], [100, -22]];
        let bytes: Vec<u8> = codes.as_flattened().iter().map(|x| x.cast_unsigned()).collect();
        let place = 0..bytes.len();
        let rows = Rows::new(bytes, place, 2, codes.len()).expect("rows");
        let mut near = Vec::new();
        rows.cosines(&PreparedQuery::of_row(&rows, 0), &[1, 2, 3, 4], |at, cosine| {
            near.push(Rank::new(at, cosine))
        });
        near.sort_unstable();
        for (limit, expected) in [(0, &[][..]), (1, &[1]), (2, &[1, 4]), (3, &[1, 4, 2]), (9, &[1, 4, 2, 3])]
        {
            assert_eq!(select(&rows, &near, limit), expected, "{limit}");
        }
    }
}
