//! Which cell an embedding belongs to: k-means (Lloyd 1982, <https://doi.org/10.1109/TIT.1982.1056489>) over a sample, with as many
//! clusters as make cells of a few hundred items, in an order in which neighbours lie near each other.

use crate::Code;
use crate::code::CodeRef;
use crate::dice::Dice;
use crate::embedding::Embedding;
use crate::kernels::{ROWS_TOGETHER, RowDots};

/// Items of the sample for each cell.
const SAMPLE: usize = 64;
/// Rounds of assigning and averaging the sample.
const ROUNDS: usize = 10;
/// Rounds of finding the direction in which centroids differ the most.
const POWER_ROUNDS: usize = 8;

/// Centroids, which embeddings are assigned to.
#[derive(Debug, Clone, Default)]
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
    /// At most `cells` centroids for `vectors`, shape `(items, dim)`, finite and of length 1: the same for the same seed.
    pub fn of(vectors: &[f32], dim: usize, cells: usize, seed: u64) -> Self {
        let dim = dim.max(1);
        let mut dice = Dice::new(seed);
        let count = vectors.len() / dim;
        let wanted = (cells * SAMPLE).min(count);
        let stretch = count as f64 / wanted.max(1) as f64;
        let places = (0..wanted).map(|at| ((at as f64 + dice.unit()) * stretch) as usize);
        let places: Vec<usize> = places.map(|at| at.min(count - 1)).collect();
        let sample: Vec<f32> =
            places.iter().flat_map(|at| vectors[at * dim..][..dim].iter().copied()).collect();
        let cells = cells.min(wanted);
        let seeds = (0..cells).flat_map(|at| {
            let place = (at * wanted + dice.below(wanted)) / cells.max(1);
            sample[place.min(wanted - 1) * dim..][..dim].to_vec()
        });
        let mut partition = Self::rounded(&seeds.collect::<Vec<f32>>(), dim);
        for _ in 0..ROUNDS {
            let labels = partition.nearest(&sample);
            partition = Self::rounded(&means(&sample, dim, &labels, cells, &mut dice), dim);
        }
        partition.ordered()
    }

    /// The centroids, shape `(cells, dim)`, as they are stored.
    fn rounded(centroids: &[f32], dim: usize) -> Self {
        let mut partition = Self { dim, ..Self::default() };
        for centroid in centroids.chunks_exact(dim) {
            let largest = centroid.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            let scale = largest / 127.0;
            let code = |x: &f32| if scale > 0.0 { (x / scale).round() as i8 } else { 0 };
            let codes: Vec<i8> = centroid.iter().map(code).collect();
            let square: f32 = codes.iter().map(|code| f32::from(*code)).map(|x| x * x).sum();
            partition.codes.extend(codes);
            partition.scales.push(scale);
            partition.halves.push(square * scale * scale / 2.0);
        }
        partition
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
    fn ordered(&self) -> Self {
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

/// The mean of the rows with each label; where there are none, a row that is drawn.
fn means(rows: &[f32], dim: usize, labels: &[u32], cells: usize, dice: &mut Dice) -> Vec<f32> {
    let mut sums = vec![0.0_f64; cells * dim];
    let mut counts = vec![0_u32; cells];
    for (row, label) in rows.chunks_exact(dim).zip(labels) {
        let label = *label as usize;
        sums[label * dim..][..dim].iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
        counts[label] += 1;
    }
    let mut means = Vec::with_capacity(cells * dim);
    for (sum, count) in sums.chunks_exact(dim).zip(counts) {
        if count == 0 {
            means.extend_from_slice(&rows[dice.below(labels.len()) * dim..][..dim]);
        } else {
            means.extend(sum.iter().map(|sum| (sum / f64::from(count)) as f32));
        }
    }
    means
}
