//! Items that look the same as an earlier one, found without comparing all with all.

use std::collections::HashMap;

use clip_rs_catalog::{Digest, TileSquare};
use clip_rs_search::Embedding;
use clip_rs_stage::StageError;

use super::item::{Item, What};
use super::look::Look;

/// Cosine from which two items may be the same picture.
const SAME: f32 = 0.999;
/// Parts of the hash; two hashes that differ in fewer bits than that share one.
const BANDS: u32 = 4;
/// Items of a bucket that a new one is compared with: the last ones.
const COMPARED: usize = 16;

/// The ordinals of duplicates, each with that of the first item that it looks the same as. `items` and `vectors` are in
/// the same order; `look` reads what an item looks like.
pub fn duplicates(
    items: &[Item],
    vectors: &[Embedding],
    mut look: impl FnMut(&Digest) -> Result<Option<Look>, StageError>,
) -> Result<Vec<(usize, usize)>, StageError> {
    let mut found = Vec::new();
    let mut keys: HashMap<Digest, usize> = HashMap::new();
    let mut buckets: HashMap<(u32, u16), Vec<usize>> = HashMap::new();
    for (ordinal, item) in items.iter().enumerate() {
        if let Some(first) = keys.get(&item.key).filter(|first| !overlap(&items[**first].what, &item.what)) {
            found.push((ordinal, *first));
            continue;
        }
        let bands: Vec<(u32, u16)> =
            (0..BANDS).map(|band| (band, (item.hash >> (16 * band)) as u16)).collect();
        let candidates = bands.iter().filter_map(|band| buckets.get(band));
        let mut candidates: Vec<usize> =
            candidates.flat_map(|bucket| bucket.iter().rev().take(COMPARED)).copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        candidates.retain(|other| {
            !overlap(&items[*other].what, &item.what) && vectors[*other].cosine(&vectors[ordinal]) >= SAME
        });
        let mut original = None;
        if let Some(seen) = (!candidates.is_empty()).then(|| look(&item.key)).transpose()?.flatten() {
            for other in candidates {
                if look(&items[other].key)?.is_some_and(|look| look.is_near(&seen)) {
                    original = Some(other);
                    break;
                }
            }
        }
        match original {
            Some(original) => found.push((ordinal, original)),
            // Only originals are compared with, so that no duplicate is one of a duplicate.
            None => {
                keys.entry(item.key).or_insert(ordinal);
                bands.into_iter().for_each(|band| buckets.entry(band).or_default().push(ordinal));
            }
        }
    }
    Ok(found)
}

/// Whether two items show some of the same ground.
fn overlap(one: &What, other: &What) -> bool {
    match (one, other) {
        (What::Square(one), What::Square(other)) => squares_overlap(*one, *other),
        (What::Picture { picture: one, .. }, What::Picture { picture: other, .. }) => one == other,
        _ => false,
    }
}

fn squares_overlap(one: TileSquare, other: TileSquare) -> bool {
    let zoom = one.tile().z().max(other.tile().z());
    let side = 1_i64 << zoom;
    let range = |square: TileSquare, at: u32| {
        let shift = zoom - square.tile().z();
        (i64::from(at) << shift, i64::from(square.span()) << shift)
    };
    let ((x, width), (other_x, other_width)) = (range(one, one.tile().x()), range(other, other.tile().x()));
    let ((y, height), (other_y, other_height)) = (range(one, one.tile().y()), range(other, other.tile().y()));
    // Columns go on around the Earth.
    let beside = (other_x - x).rem_euclid(side) < width || (x - other_x).rem_euclid(side) < other_width;
    beside && y < other_y + other_height && other_y < y + height
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    fn item(name: &str, key: &[u8], hash: u64) -> Item {
        Item { what: What::Square(name.parse().expect("a square")), key: Digest::of(key), hash }
    }

    fn vector(turn: f32) -> Embedding {
        Embedding::new(vec![turn.cos(), turn.sin()]).expect("a direction")
    }

    fn find(items: &[Item], turns: &[f32], looks: &[u8]) -> Vec<(usize, usize)> {
        let vectors: Vec<Embedding> = turns.iter().map(|turn| vector(*turn)).collect();
        let look = |key: &Digest| {
            let at = items.iter().position(|item| item.key == *key).expect("an item");
            Ok(Some(Look::of(&RgbImage::from_pixel(16, 16, Rgb([looks[at]; 3])))))
        };
        duplicates(items, &vectors, look).expect("no error")
    }

    #[test]
    fn the_same_bytes_and_nearly_the_same_pictures_are_duplicates_of_the_first() {
        let items = [
            item("10/1/1", b"a", 0xffff_0000_ffff_0000),
            item("10/5/1", b"a", 0xffff_0000_ffff_0000),
            item("10/7/1", b"b", 0xffff_0000_ffff_0101),
            item("10/9/1", b"c", 0xffff_0000_ffff_0101),
        ];
        assert_eq!(find(&items, &[0.0, 0.0, 0.01, 0.01], &[100, 100, 101, 101]), [(1, 0), (2, 0), (3, 0)]);
    }

    #[test]
    fn what_differs_in_vector_look_or_hash_is_no_duplicate() {
        let near = |hash| [item("10/1/1", b"a", 7), item("10/5/1", b"b", hash)];
        assert_eq!(find(&near(7), &[0.0, 0.1], &[100, 100]), [], "vectors differ");
        assert_eq!(find(&near(7), &[0.0, 0.0], &[100, 120]), [], "looks differ");
        assert_eq!(find(&near(!7), &[0.0, 0.0], &[100, 100]), [], "hashes differ");
        assert_eq!(find(&near(7), &[0.0, 0.0], &[100, 100]), [(1, 0)]);
    }

    #[test]
    fn windows_of_the_same_ground_are_no_duplicates() {
        for (one, other, overlapping) in [
            ("10/4/4", "10/4/4+2", true),
            ("10/4/4+2", "10/5/5+2", true),
            ("10/4/4+2", "10/6/4+2", false),
            ("10/4/4", "12/19/19+2", true),
            ("10/4/4", "12/20/19+2", false),
            ("3/7/0+2", "3/0/0", true),
            ("3/0/0", "3/7/1+2", false),
        ] {
            let items = [item(one, b"a", 7), item(other, b"b", 7)];
            let duplicates = find(&items, &[0.0, 0.0], &[100, 100]);
            assert_eq!(duplicates.is_empty(), overlapping, "{one} {other}");
        }
    }
}
