//! Which cell an embedding belongs to: the one with the nearest centroid. Centroids that are alike lie near each other.

use crate::Code;
use crate::code::CodeRef;
use crate::embedding::Embedding;
use crate::kernels::{ROWS_TOGETHER, RowDots};

/// Rounds of finding the direction in which centroids differ the most.
const POWER_ROUNDS: usize = 8;

/// Centroids, which embeddings are assigned to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Partition {
    dim: usize,
    /// Integers of the centroids, shape `(cells, dim)`.
    codes: Vec<i8>,
    /// What each centroid's integers are multiplied by.
    scales: Vec<f32>,
    /// Half of each centroid's squared length.
    halves: Vec<f32>,
}

impl Partition {
    /// The centroids, shape `(cells, dim)`, as they are stored.
    pub(super) fn rounded(centroids: &[f32], dim: usize) -> Self {
        let mut partition = Self { dim, ..Self::default() };
        for centroid in centroids.chunks_exact(dim) {
            let largest = centroid.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            let scale = largest / 127.0;
            let code = |x: &f32| if scale > 0.0 { (x / scale).round() as i8 } else { 0 };
            let codes: Vec<i8> = centroid.iter().map(code).collect();
            partition.push(&codes, scale);
        }
        partition
    }

    fn push(&mut self, codes: &[i8], scale: f32) {
        let square: f32 = codes.iter().map(|code| f32::from(*code)).map(|x| x * x).sum();
        self.codes.extend(codes);
        self.scales.push(scale);
        self.halves.push(square * scale * scale / 2.0);
    }

    /// For another process: the number of components (4 bytes, little-endian), then of each centroid its scale (4 bytes) and its
    /// integers.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = (self.dim as u32).to_le_bytes().to_vec();
        for (codes, scale) in self.codes.chunks_exact(self.dim.max(1)).zip(&self.scales) {
            bytes.extend(scale.to_le_bytes());
            bytes.extend(codes.iter().map(|code| code.to_le_bytes()[0]));
        }
        bytes
    }

    /// Reads what [`Partition::to_bytes`] wrote; none of other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (dim, centroids) = bytes.split_first_chunk::<4>()?;
        let dim = u32::from_le_bytes(*dim) as usize;
        let length =
            dim.checked_add(4).filter(|length| *length > 4 && centroids.len().is_multiple_of(*length))?;
        let mut partition = Self { dim, ..Self::default() };
        for centroid in centroids.chunks_exact(length) {
            let (scale, codes) = centroid.split_first_chunk::<4>()?;
            let scale = f32::from_le_bytes(*scale);
            let codes: Vec<i8> = codes.iter().map(|byte| i8::from_le_bytes([*byte])).collect();
            if !scale.is_finite() || scale < 0.0 || codes.contains(&i8::MIN) {
                return None;
            }
            partition.push(&codes, scale);
        }
        Some(partition)
    }

    /// Components of a centroid.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.scales.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.scales.is_empty()
    }

    /// For each of `vectors`, shape `(items, dim)`, the number of the nearest centroid; of equal ones the first.
    pub fn nearest(&self, vectors: &[f32]) -> Vec<u32> {
        let rows: Vec<&[i8]> = self.codes.chunks_exact(self.dim).collect();
        vectors.chunks_exact(self.dim).map(|vector| self.nearest_of(&rows, vector)).collect()
    }

    fn nearest_of(&self, rows: &[&[i8]], vector: &[f32]) -> u32 {
        let code = Embedding::new(vector.to_vec()).ok().and_then(|vector| Code::new(&vector).ok());
        let Some(code) = code else { return 0 };
        let code = CodeRef::from(&code);
        let (dots, scale) = (RowDots::new(code.as_slice()), code.scale());
        let (mut best, mut most) = (0, f32::NEG_INFINITY);
        let mut at = 0;
        let mut look = |dot: i32| {
            // Half the square of the distance, less half of the vector's.
            let near = dot as f32 * (scale * self.scales[at]) - self.halves[at];
            if near > most {
                (best, most) = (at, near);
            }
            at += 1;
        };
        let (groups, rest) = rows.as_chunks::<ROWS_TOGETHER>();
        groups.iter().for_each(|group| dots.of(*group).into_iter().for_each(&mut look));
        rest.iter().for_each(|row| dots.of([*row]).into_iter().for_each(&mut look));
        best as u32
    }

    /// The integers of a centroid and what they are multiplied by.
    pub(super) fn centroid(&self, cell: usize) -> (&[i8], f32) {
        (&self.codes[cell * self.dim..][..self.dim], self.scales[cell])
    }

    /// The same centroids, so that those that are alike lie near each other: halved again and again by where they are along the
    /// direction in which they differ the most.
    pub(super) fn ordered(&self) -> Self {
        let rows = self.codes.chunks_exact(self.dim).zip(&self.scales);
        let rows: Vec<Vec<f32>> =
            rows.map(|(codes, scale)| codes.iter().map(|code| f32::from(*code) * scale).collect()).collect();
        let mut order: Vec<usize> = (0..rows.len()).collect();
        halve(&rows, &mut order);
        let picked = |at: &usize| self.codes[at * self.dim..][..self.dim].iter().copied();
        Self {
            dim: self.dim,
            codes: order.iter().flat_map(picked).collect(),
            scales: order.iter().map(|at| self.scales[*at]).collect(),
            halves: order.iter().map(|at| self.halves[*at]).collect(),
        }
    }
}

fn halve(rows: &[Vec<f32>], order: &mut [usize]) {
    if order.len() < 3 {
        return;
    }
    let direction = widest(rows, order);
    let along = |at: usize| dot(&rows[at], &direction);
    order.sort_by(|a, b| along(*a).total_cmp(&along(*b)).then(a.cmp(b)));
    let (low, high) = order.split_at_mut(order.len() / 2);
    halve(rows, low);
    halve(rows, high);
}

/// The direction in which these rows differ the most, by power iteration.
fn widest(rows: &[Vec<f32>], order: &[usize]) -> Vec<f32> {
    let dim = rows.first().map_or(0, Vec::len);
    let mut mean = vec![0.0; dim];
    order.iter().for_each(|at| add(&mut mean, 1.0 / order.len() as f32, &rows[*at]));
    // From a corner of the rows, which is hardly at a right angle to it.
    let mut direction: Vec<f32> = rows[order[0]].iter().zip(&mean).map(|(x, mean)| x - mean).collect();
    let offset = |direction: &[f32]| dot(&mean, direction);
    for _ in 0..POWER_ROUNDS {
        let mut next = vec![0.0; dim];
        let middle = offset(&direction);
        for at in order {
            let along = dot(&rows[*at], &direction) - middle;
            add(&mut next, along, &rows[*at]);
            add(&mut next, -along, &mean);
        }
        match Embedding::new(next) {
            Ok(next) => direction = next.into(),
            Err(_) => break,
        }
    }
    direction
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(sum: &mut [f32], factor: f32, row: &[f32]) {
    sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += factor * x);
}
