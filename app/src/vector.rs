//! Directions as text, short enough for a link: components in 8 bits, in base64 for addresses (RFC 4648, section 5).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clip_rs_search::Embedding;

/// Most components of a vector.
const MAX_DIM: usize = 4096;

/// A direction as text: `dim` components, each a multiple of the largest one's 127th part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vector(String);

impl Vector {
    /// The text of a direction; within a cosine of .9999 of it for vectors of a few hundred components.
    pub fn new(embedding: &Embedding) -> Self {
        let components = embedding.as_slice();
        let largest = components.iter().fold(f32::MIN_POSITIVE, |largest, x| largest.max(x.abs()));
        let bytes: Vec<u8> =
            components.iter().map(|x| ((x / largest * 127.0).round() as i8).to_le_bytes()[0]).collect();
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// A text that is one, or none.
    pub fn parse(text: &str) -> Option<Self> {
        let vector = Self(text.to_owned());
        (text.len() <= MAX_DIM * 2 && vector.embedding().is_some()).then_some(vector)
    }

    /// The direction.
    pub fn embedding(&self) -> Option<Embedding> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).ok().filter(|bytes| bytes.len() <= MAX_DIM)?;
        Embedding::new(bytes.into_iter().map(|byte| f32::from(byte as i8)).collect()).ok()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    #[test]
    fn a_direction_survives_a_link() {
        let seed = 9;
        let mut dice = StdRng::seed_from_u64(seed);
        for dim in [1, 256, 1024] {
            let numbers = (0..dim).map(|_| dice.random_range(-1.0..1.0)).collect();
            let embedding = Embedding::new(numbers).expect("a direction");
            let vector = Vector::new(&embedding);
            let read =
                Vector::parse(vector.as_str()).and_then(|vector| vector.embedding()).expect("a direction");
            assert!(read.cosine(&embedding) > 0.9999, "seed {seed}, {dim}");
            assert!(vector.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        }
    }

    #[test]
    fn what_points_nowhere_is_no_vector() {
        for text in ["", "AA", "AAAA", "!", "a b", &"A".repeat(MAX_DIM * 3)] {
            assert_eq!(Vector::parse(text), None, "{text:.20}");
        }
    }
}
