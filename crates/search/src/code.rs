//! Embeddings as int8 codes: a quarter of the bytes, and integer arithmetic.

use crate::{Embedding, EmbeddingError, kernels};

/// The most components that a code may have.
pub const MAX_DIM: usize = 8192;

/// An embedding, shape `(dim,)`, rounded to int8: the largest component becomes 127 or -127.
///
/// A code stands for the direction of its integers, so only they are stored: the factor that brings them
/// back to length 1 follows from them, and a code's cosine with itself is exactly 1. Each component of the
/// direction is off by at most about `max / 254`, where `max` is the largest component.
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    codes: Box<[i8]>,
    scale: f32,
}

/// A [`Code`] that somebody else keeps, such as an index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CodeRef<'a> {
    codes: &'a [i8],
    /// 1 / length of `codes`.
    scale: f32,
}

/// Integers that are no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// More components than [`MAX_DIM`].
    #[error("a code of {0} components; at most {MAX_DIM} are possible")]
    TooLong(usize),
    /// Nothing but zeros.
    #[error("a code of zeros has no direction")]
    NoDirection,
    /// A component of -128, which no rounding gives and not every kernel can take.
    #[error("component {0} of a code is -128; they go from -127 to 127")]
    OutOfRange(usize),
}

impl Code {
    /// Rounds `embedding` to a code.
    pub fn new(embedding: &Embedding) -> Result<Self, CodeError> {
        // An embedding has a component above zero, so the division is sound.
        let largest = embedding.as_slice().iter().fold(0_f32, |max, x| max.max(x.abs()));
        let round = |x: &f32| (x / largest * 127.0).round() as i8;
        Self::try_from(embedding.as_slice().iter().map(round).collect::<Vec<_>>())
    }

    /// Number of components.
    pub fn dim(&self) -> usize {
        self.codes.len()
    }

    /// Cosine of the angle between the two, -1..=1.
    ///
    /// # Panics
    ///
    /// If they have different dimensions: codes of different models have no angle between them. An engine compares dimensions
    /// once, when it is given a shard or a direction.
    pub fn cosine<'a>(&self, other: impl Into<CodeRef<'a>>) -> f32 {
        let other = other.into();
        kernels::dot(&self.codes, other.codes) as f32 * (self.scale * other.scale)
    }

    /// The direction that the code stands for.
    pub fn embedding(&self) -> Result<Embedding, EmbeddingError> {
        CodeRef::from(self).embedding()
    }
}

impl<'a> CodeRef<'a> {
    /// Integers with the `scale` that [`scale_of`] gave for them.
    pub(crate) fn scaled(codes: &'a [i8], scale: f32) -> Self {
        Self { codes, scale }
    }

    /// The integers, shape `(dim,)`.
    pub(crate) fn as_slice(self) -> &'a [i8] {
        self.codes
    }

    /// What brings the integers back to length 1.
    pub(crate) fn scale(self) -> f32 {
        self.scale
    }

    /// Number of components.
    pub fn dim(self) -> usize {
        self.codes.len()
    }

    /// The direction that the code stands for.
    pub fn embedding(self) -> Result<Embedding, EmbeddingError> {
        Embedding::new(self.codes.iter().map(|&c| f32::from(c)).collect())
    }
}

/// 1 / length of at most [`MAX_DIM`] integers; none if they are all zero.
pub(crate) fn scale_of(codes: &[i8]) -> Option<f32> {
    let square = kernels::dot(codes, codes);
    (square > 0).then(|| (1.0 / f64::from(square).sqrt()) as f32)
}

impl<'a> From<&'a Code> for CodeRef<'a> {
    fn from(code: &'a Code) -> Self {
        Self { codes: &code.codes, scale: code.scale }
    }
}

impl TryFrom<Vec<i8>> for Code {
    type Error = CodeError;

    fn try_from(codes: Vec<i8>) -> Result<Self, CodeError> {
        if codes.len() > MAX_DIM {
            return Err(CodeError::TooLong(codes.len()));
        }
        if let Some(at) = codes.iter().position(|&code| code == i8::MIN) {
            return Err(CodeError::OutOfRange(at));
        }
        let scale = scale_of(&codes).ok_or(CodeError::NoDirection)?;
        Ok(Self { codes: codes.into(), scale })
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn random(rng: &mut StdRng, dim: usize) -> Embedding {
        Embedding::new((0..dim).map(|_| rng.random_range(-1.0..1.0)).collect()).expect("a direction")
    }

    #[test]
    fn a_code_is_off_by_no_more_than_its_rounding() {
        let seed = 1;
        let mut rng = StdRng::seed_from_u64(seed);
        for dim in [1, 7, 16, 64, 256, 768] {
            let (a, b) = (random(&mut rng, dim), random(&mut rng, dim));
            let (code_a, code_b) = (Code::new(&a).expect("a code"), Code::new(&b).expect("a code"));
            let back = code_a.embedding().expect("a direction");
            let largest = a.as_slice().iter().fold(0_f32, |max, x| max.max(x.abs()));
            // Half a step, and the change of length that comes of rounding.
            let bound = largest / 254.0 * 1.1 + largest * 0.003;
            for (x, y) in a.as_slice().iter().zip(back.as_slice()) {
                assert!((x - y).abs() <= bound, "seed {seed}, dim {dim}: {x} became {y}");
            }
            let error = (code_a.cosine(&code_b) - a.cosine(&b)).abs();
            assert!(error < 0.01, "seed {seed}, dim {dim}: cosine off by {error}");
        }
    }

    #[test]
    fn a_code_survives_being_an_embedding_in_between() {
        let mut rng = StdRng::seed_from_u64(2);
        for _ in 0..200 {
            let code = Code::new(&random(&mut rng, 256)).expect("a code");
            let again = Code::new(&code.embedding().expect("a direction")).expect("a code");
            assert_eq!(again, code);
            assert!((again.cosine(&code) - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn integers_that_are_no_code_are_refused() {
        assert_eq!(Code::try_from(vec![0; 9]), Err(CodeError::NoDirection));
        assert_eq!(Code::try_from(vec![]), Err(CodeError::NoDirection));
        assert_eq!(Code::try_from(vec![1; MAX_DIM + 1]), Err(CodeError::TooLong(MAX_DIM + 1)));
        assert_eq!(Code::try_from(vec![1, -127, -128]), Err(CodeError::OutOfRange(2)));
    }

    #[test]
    #[should_panic(expected = "codes of different dimensions")]
    fn codes_of_different_dimensions_have_no_cosine() {
        let [long, short] = [64, 32].map(|dim| Code::try_from(vec![1; dim]).expect("a code"));
        long.cosine(&short);
    }
}
