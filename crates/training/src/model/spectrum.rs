//! In which directions the vectors of a model lie, and how much of them in each.

use nalgebra::{DMatrix, SymmetricEigen};

/// An orthonormal basis of a model's vectors, the direction with most of their energy first.
///
/// The principal components of what is not centred: cosines are between vectors as they are, so the common direction of all counts
/// like any other.
#[derive(Debug, Clone)]
pub(crate) struct Spectrum {
    /// A direction a row, `(dim, dim)`.
    basis: DMatrix<f64>,
    /// Share of the energy in each.
    energies: Vec<f64>,
}

impl Spectrum {
    /// That of vectors of length 1, `(count, dim)` of each kind; each kind counts as much as any other. None without vectors.
    pub(crate) fn of(kinds: &[&[Vec<f32>]]) -> Option<Self> {
        let dim = kinds.iter().find_map(|kind| kind.first()).map(Vec::len)?;
        let mut moments = DMatrix::<f64>::zeros(dim, dim);
        for kind in kinds {
            let rows = kind.iter().flat_map(|row| row.iter().map(|x| f64::from(*x)));
            let rows = DMatrix::from_row_iterator(kind.len(), dim, rows);
            moments += rows.tr_mul(&rows) / (kind.len().max(1) as f64);
        }
        let SymmetricEigen { eigenvectors, eigenvalues } = SymmetricEigen::new(moments);
        let mut order: Vec<usize> = (0..dim).collect();
        order.sort_by(|a, b| eigenvalues[*b].total_cmp(&eigenvalues[*a]));
        let all: f64 = eigenvalues.iter().sum();
        let energies = order.iter().map(|at| eigenvalues[*at].max(0.0) / all).collect();
        let basis = DMatrix::from_fn(dim, dim, |row, column| eigenvectors[(column, order[row])]);
        Some(Self { basis, energies })
    }

    /// Components of the vectors.
    pub(crate) fn dim(&self) -> usize {
        self.energies.len()
    }

    /// Share of the energy outside of the first `dim` directions, 0 to 1.
    pub(crate) fn lost(&self, dim: usize) -> f64 {
        self.energies.iter().skip(dim).sum()
    }

    /// The first `dim` directions, one after the other.
    pub(crate) fn first(&self, dim: usize) -> Vec<f32> {
        let rows = self.basis.rows(0, dim.min(self.dim()));
        rows.row_iter().flat_map(|row| row.iter().map(|x| *x as f32).collect::<Vec<_>>()).collect()
    }

    /// A vector by its first `dim` components, of length 1 again.
    pub(crate) fn shortened(&self, vector: &[f32], dim: usize) -> Vec<f32> {
        let rows = self.basis.rows(0, dim.min(self.dim()));
        let component = |row: nalgebra::RowDVector<f64>| -> f64 {
            row.iter().zip(vector).map(|(a, b)| a * f64::from(*b)).sum()
        };
        let parts: Vec<f64> = rows.row_iter().map(|row| component(row.into_owned())).collect();
        let length = parts.iter().map(|x| x * x).sum::<f64>().sqrt();
        parts.iter().map(|x| (x / length) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::Spectrum;

    #[test]
    fn vectors_of_a_plane_in_space_keep_their_angles_in_two_components() {
        let seed = 3;
        let mut dice = StdRng::seed_from_u64(seed);
        let frame = [[0.6, 0.0, 0.8, 0.0], [0.0, 1.0, 0.0, 0.0]];
        let vectors: Vec<Vec<f32>> = (0..40)
            .map(|_| {
                let angle: f32 = dice.random_range(0.0..std::f32::consts::TAU);
                (0..4).map(|n| angle.cos() * frame[0][n] + angle.sin() * frame[1][n]).collect()
            })
            .collect();
        let (some, others) = vectors.split_at(10);
        let spectrum = Spectrum::of(&[some, others]).expect("vectors");
        assert!(spectrum.lost(2).abs() < 1e-9 && spectrum.lost(1) > 0.1, "seed {seed}: {spectrum:?}");
        let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        for pair in vectors.windows(2) {
            let short = [0, 1].map(|n| spectrum.shortened(&pair[n], 2));
            assert!((dot(&pair[0], &pair[1]) - dot(&short[0], &short[1])).abs() < 1e-5, "seed {seed}");
        }
        assert!(Spectrum::of(&[&[]]).is_none());
    }
}
