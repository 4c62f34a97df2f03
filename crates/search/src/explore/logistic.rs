//! Logistic regression with a quadratic penalty: the numbers behind a taught concept.
//!
//! Minimises over `w` and `b`
//!
//! `sum_i a_i ln(1 + exp(-y_i (o_i + w x_i + b))) + penalty / 2 (|w|^2 + b^2)`, with weights `a_i` that sum to 1
//!
//! by accelerated gradient descent with the constant momentum for strongly convex functions (Nesterov, *Introductory
//! Lectures on Convex Optimization*, 2004, section 2.2). A step takes two passes over the rows, so hundreds of rows of a
//! thousand components take milliseconds, where the Hessian of Newton's method alone would take more.

use super::{add_scaled, dot};

/// The gradient at which the minimum is reached, as its length.
const TOLERANCE: f32 = 1e-4;
/// Most steps; a penalty of 0.001 needs fewer than 200.
const MAX_STEPS: usize = 400;

/// An example of what is to be told apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// `y`: 1 for yes, -1 for no.
    pub(super) sign: f32,
    /// `a`: how much it counts.
    pub(super) weight: f32,
    /// `o`: what is known before.
    pub(super) offset: f32,
}

/// The weights and the constant term of the minimum, for `rows` of shape `(samples, dim)`; `penalty` is above 0.
pub(super) fn fit(rows: &[f32], samples: &[Sample], penalty: f32) -> (Vec<f32>, f32) {
    let dim = rows.len() / samples.len().max(1);
    // The loss bends by at most a quarter of the rows' mean square, the constant's 1 with them.
    let squares = rows.chunks_exact(dim.max(1)).zip(samples);
    let curvature: f32 = squares.map(|(row, sample)| sample.weight * (1.0 + dot(row, row))).sum();
    let steepest = curvature / 4.0 + penalty;
    let root = (penalty / steepest).sqrt();
    let momentum = (1.0 - root) / (1.0 + root);

    // The constant term is behind the weights.
    let mut at = vec![0.0; dim + 1];
    let mut ahead = at.clone();
    for _ in 0..MAX_STEPS {
        let gradient = gradient(rows, samples, penalty, &ahead);
        if dot(&gradient, &gradient) < TOLERANCE * TOLERANCE {
            break;
        }
        for ((at, ahead), slope) in at.iter_mut().zip(&mut ahead).zip(&gradient) {
            let next = *ahead - slope / steepest;
            *ahead = next + momentum * (next - *at);
            *at = next;
        }
    }
    let constant = ahead.pop().unwrap_or(0.0);
    (ahead, constant)
}

/// The gradient at these weights and, behind them, the constant term.
fn gradient(rows: &[f32], samples: &[Sample], penalty: f32, at: &[f32]) -> Vec<f32> {
    let mut gradient: Vec<f32> = at.iter().map(|weight| penalty * weight).collect();
    let Some(((constant, weights), (to_constant, to_weights))) =
        at.split_last().zip(gradient.split_last_mut())
    else {
        return gradient;
    };
    for (row, sample) in rows.chunks_exact(weights.len().max(1)).zip(samples) {
        let logit = sample.offset + dot(weights, row) + constant;
        let slope = -sample.weight * sample.sign * sigmoid(-sample.sign * logit);
        add_scaled(to_weights, slope, row);
        *to_constant += slope;
    }
    gradient
}

/// `1 / (1 + exp(-logit))`: from a logit to a chance.
pub(super) fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    /// What is minimised, straight from its definition, in 64 bits.
    fn loss(rows: &[f32], samples: &[Sample], penalty: f32, weights: &[f32], constant: f32) -> f64 {
        let square: f64 = weights.iter().chain([&constant]).map(|w| f64::from(*w).powi(2)).sum();
        let losses = rows.chunks_exact(weights.len()).zip(samples).map(|(row, sample)| {
            let product: f64 = row.iter().zip(weights).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
            let logit = product + f64::from(sample.offset + constant);
            f64::from(sample.weight) * (1.0 + (-f64::from(sample.sign) * logit).exp()).ln()
        });
        losses.sum::<f64>() + f64::from(penalty) / 2.0 * square
    }

    #[test]
    fn no_step_in_any_direction_is_better_than_the_minimum_found() {
        for (seed, count, dim, penalty) in [(1, 2, 3, 0.5), (2, 40, 17, 0.02), (3, 300, 64, 0.0025)] {
            let mut rng = StdRng::seed_from_u64(seed);
            let rows: Vec<f32> = (0..count * dim).map(|_| rng.random_range(-0.5..0.5)).collect();
            let samples: Vec<Sample> = (0..count)
                .map(|at| Sample {
                    sign: if at % 3 == 0 { 1.0 } else { -1.0 },
                    weight: 1.0 / count as f32,
                    offset: rng.random_range(-1.0..1.0),
                })
                .collect();
            let (weights, constant) = fit(&rows, &samples, penalty);
            let found = loss(&rows, &samples, penalty, &weights, constant);
            for step in [1e-3_f32, 1e-1] {
                for place in 0..=dim {
                    for by in [step, -step] {
                        let (mut weights, mut constant) = (weights.clone(), constant);
                        *weights.get_mut(place).unwrap_or(&mut constant) += by;
                        let other = loss(&rows, &samples, penalty, &weights, constant);
                        assert!(other > found - 1e-6, "seed {seed}, {place} by {by}: {other} below {found}");
                    }
                }
            }
            assert!(found < loss(&rows, &samples, penalty, &vec![0.0; dim], 0.0), "seed {seed}");
        }
    }
}
