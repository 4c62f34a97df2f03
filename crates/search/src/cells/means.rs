//! k-means (Lloyd 1982, <https://doi.org/10.1109/TIT.1982.1056489>) over a sample, a round at a time: who does the assigning and
//! adding up, which is all that takes long, may do it in parts and wherever. Sums are of integers, so that they are the same in
//! whatever order they are added.

use super::partition::Partition;
use crate::dice::Dice;

/// Items of the sample for each cell.
const SAMPLE: usize = 64;
/// What a component is multiplied by before it is rounded to an integer: of a length of at most 1, it takes 34 bits with its sign,
/// and a thousand million of them 64.
const UNIT: f64 = (1_u64 << 33) as f64;

/// Centroids on their way.
#[derive(Debug, Clone)]
pub struct Means {
    dim: usize,
    dice: Dice,
    sample: Vec<f32>,
    partition: Partition,
}

impl Means {
    /// Rounds after which more change little.
    pub const ROUNDS: usize = 10;

    /// Begins with at most `cells` centroids for `vectors`, shape `(items, dim)`, finite and of length 1: the same for the same
    /// seed.
    pub fn begin(vectors: &[f32], dim: usize, cells: usize, seed: u64) -> Self {
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
        let partition = Partition::rounded(&seeds.collect::<Vec<f32>>(), dim);
        Self { dim, dice, sample, partition }
    }

    /// The items that are averaged, shape `(items, dim)`.
    pub fn sample(&self) -> &[f32] {
        &self.sample
    }

    /// The centroids so far.
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// Moves the centroids to the means of what `sums` has of the sample; one without items to an item that is drawn.
    pub fn round(&mut self, sums: &Sums) {
        let mut means = Vec::with_capacity(self.partition.len() * self.dim);
        let drawn = self.sample.len() / self.dim;
        for (sum, count) in sums.sums.chunks_exact(self.dim).zip(&sums.counts) {
            if *count == 0 {
                means.extend_from_slice(&self.sample[self.dice.below(drawn) * self.dim..][..self.dim]);
            } else {
                means.extend(sum.iter().map(|sum| (*sum as f64 / UNIT / *count as f64) as f32));
            }
        }
        self.partition = Partition::rounded(&means, self.dim);
    }

    /// All rounds, in this thread, and the centroids in their order.
    pub fn run(mut self) -> Partition {
        for _ in 0..Self::ROUNDS {
            let sums = Sums::of(&self.sample, &self.partition);
            self.round(&sums);
        }
        self.finish()
    }

    /// The centroids in their order.
    pub fn finish(self) -> Partition {
        self.partition.ordered()
    }
}

/// Sums of rows by their nearest centroids, of any part of the sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    dim: usize,
    /// In units of 2^-33, shape `(cells, dim)`.
    sums: Vec<i64>,
    counts: Vec<u64>,
}

impl Sums {
    /// Nothing yet for so many cells.
    pub fn new(cells: usize, dim: usize) -> Self {
        Self { dim, sums: vec![0; cells * dim], counts: vec![0; cells] }
    }

    /// The sums of `rows`, shape `(items, dim)`, by the nearest of these centroids.
    pub fn of(rows: &[f32], partition: &Partition) -> Self {
        let dim = partition.dim();
        let mut sums = Self::new(partition.len(), dim);
        for (row, label) in rows.chunks_exact(dim.max(1)).zip(partition.nearest(rows)) {
            sums.add(label as usize, row);
        }
        sums
    }

    /// Adds a row, finite and of length 1, to those of a cell; of a cell that there is not nothing happens.
    pub fn add(&mut self, cell: usize, row: &[f32]) {
        let (Some(count), Some(sums)) =
            (self.counts.get_mut(cell), self.sums.get_mut(cell * self.dim..(cell + 1) * self.dim))
        else {
            return;
        };
        *count += 1;
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += (f64::from(*x) * UNIT).round() as i64);
    }

    /// Adds `count` rows whose sum in these units is `sum`, as [`Sums::cell`] tells it.
    pub fn add_sum(&mut self, cell: usize, count: u64, sum: impl IntoIterator<Item = i64>) {
        let Some(own) = self.counts.get_mut(cell) else { return };
        *own += count;
        let sums = &mut self.sums[cell * self.dim..][..self.dim];
        sums.iter_mut().zip(sum).for_each(|(own, sum)| *own = own.wrapping_add(sum));
    }

    /// Number of rows of a cell, and their sum in units of 2^-33.
    pub fn cell(&self, cell: usize) -> Option<(u64, &[i64])> {
        Some((*self.counts.get(cell)?, self.sums.get(cell * self.dim..(cell + 1) * self.dim)?))
    }

    /// Both parts' sums together; `other` is of the same centroids.
    pub fn with(mut self, other: &Self) -> Self {
        self.sums.iter_mut().zip(&other.sums).for_each(|(own, sum)| *own += sum);
        self.counts.iter_mut().zip(&other.counts).for_each(|(own, count)| *own += count);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIM: usize = 6;

    fn rows(count: usize) -> Vec<f32> {
        let mut dice = Dice::new(5);
        let row = |_| {
            let row: Vec<f32> = (0..DIM).map(|_| dice.unit() as f32 - 0.5).collect();
            let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            row.into_iter().map(move |x| x / length)
        };
        (0..count).flat_map(row).collect()
    }

    #[test]
    fn parts_in_any_order_have_the_sums_of_the_whole() {
        let rows = rows(1000);
        let partition = Means::begin(&rows, DIM, 9, 1).finish();
        let whole = Sums::of(&rows, &partition);
        for part in [DIM, 7 * DIM, 333 * DIM] {
            let parts: Vec<Sums> = rows.chunks(part).map(|part| Sums::of(part, &partition)).collect();
            let forwards = parts.iter().fold(Sums::new(9, DIM), |sums, part| sums.with(part));
            let backwards = parts.iter().rev().fold(Sums::new(9, DIM), |sums, part| sums.with(part));
            assert!(forwards == whole && backwards == whole, "{part}");
        }
        let mut told = Sums::new(9, DIM);
        (0..9).filter_map(|cell| Some((cell, whole.cell(cell)?))).for_each(|(cell, (count, sum))| {
            told.add_sum(cell, count, sum.iter().copied());
        });
        assert_eq!(told, whole);
        assert_eq!((0..9).filter_map(|cell| whole.cell(cell)).map(|(count, _)| count).sum::<u64>(), 1000);
    }

    #[test]
    fn rounds_bring_centroids_nearer_to_what_they_stand_for() {
        let rows = rows(2000);
        let means = Means::begin(&rows, DIM, 16, 1);
        let distance = |partition: &Partition| -> f32 {
            let labels = partition.nearest(&rows);
            let of = |(row, label): (&[f32], u32)| {
                let (codes, scale) = partition.centroid(label as usize);
                row.iter().zip(codes).map(|(x, code)| (x - f32::from(*code) * scale).powi(2)).sum::<f32>()
            };
            rows.chunks_exact(DIM).zip(labels).map(of).sum()
        };
        let before = distance(means.partition());
        let after = distance(&means.run());
        assert!(after < 0.9 * before, "{before} to {after}");
    }

    #[test]
    fn centroids_travel_as_bytes_and_no_other_bytes_are_centroids() {
        let partition = Means::begin(&rows(300), DIM, 7, 2).finish();
        let bytes = partition.to_bytes();
        assert_eq!(Partition::from_bytes(&bytes).as_ref(), Some(&partition));
        for cut in 5..bytes.len() {
            let cut = Partition::from_bytes(&bytes[..cut]);
            assert!(cut.is_none_or(|cut| cut.len() < partition.len()));
        }
        assert_eq!(Partition::from_bytes(&[0, 0, 0, 0]), None);
        assert_eq!(Partition::from_bytes(&[255; 8]), None);
    }
}
