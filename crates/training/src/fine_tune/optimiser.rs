//! AdamW (Loshchilov & Hutter 2019, <https://arxiv.org/abs/1711.05101>) whose state can be written to a checkpoint.

use std::collections::BTreeMap;

use candle_core::{Result, Tensor, Var};

const BETAS: (f64, f64) = (0.9, 0.98);
const EPSILON: f64 = 1e-6;
/// Weight decay a step, times the rate.
const DECAY: f64 = 0.05;
/// Longest gradient over all variables together; a longer one is shortened to it.
const LONGEST: f64 = 1.0;

/// Gradients by the names of the variables.
pub(super) type Gradients = BTreeMap<String, Tensor>;

/// Running means of the gradients and of their squares, by the names of the variables.
#[derive(Default)]
pub(super) struct AdamW {
    pub(super) first: BTreeMap<String, Tensor>,
    pub(super) second: BTreeMap<String, Tensor>,
    pub(super) steps: usize,
}

impl AdamW {
    /// Moves the variables against their gradients; `decays` tells which are drawn towards zero as well.
    pub(super) fn step(
        &mut self,
        variables: &BTreeMap<String, Var>,
        gradients: &Gradients,
        rate: f64,
        decays: impl Fn(&str) -> bool,
    ) -> Result<()> {
        self.steps += 1;
        let shorten = (LONGEST / length(gradients)?.max(1e-12)).min(1.0);
        let unbiased = |beta: f64| 1.0 / (1.0 - beta.powi(self.steps.min(1 << 20) as i32));
        let (first_scale, second_scale) = (unbiased(BETAS.0), unbiased(BETAS.1));
        for (name, variable) in variables {
            let Some(gradient) = gradients.get(name) else { continue };
            let gradient = (gradient * shorten)?;
            let first = running(self.first.get(name), &gradient, BETAS.0)?;
            let second = running(self.second.get(name), &gradient.sqr()?, BETAS.1)?;
            let size = ((&second * second_scale)?.sqrt()? + EPSILON)?;
            let change = ((&first * (rate * first_scale))? / size)?;
            let kept = if decays(name) { 1.0 - rate * DECAY } else { 1.0 };
            variable.set(&((variable.as_detached_tensor() * kept)? - change)?)?;
            self.first.insert(name.clone(), first);
            self.second.insert(name.clone(), second);
        }
        Ok(())
    }
}

/// `beta * mean + (1 - beta) * value`, with a mean of zero at first.
fn running(mean: Option<&Tensor>, value: &Tensor, beta: f64) -> Result<Tensor> {
    let share = (value * (1.0 - beta))?;
    match mean {
        Some(mean) => share + (mean * beta)?,
        None => Ok(share),
    }
}

/// Euclidean length of all gradients together.
fn length(gradients: &Gradients) -> Result<f64> {
    let squares = gradients.values().map(|g| Ok(f64::from(g.sqr()?.sum_all()?.to_scalar::<f32>()?)));
    Ok(squares.sum::<Result<f64>>()?.sqrt())
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn two_steps_are_those_of_the_paper() -> Result<()> {
        let variable = |value: f32| Var::new(&[value], &Device::Cpu);
        let variables = BTreeMap::from([("a".to_owned(), variable(2.0)?), ("b".to_owned(), variable(2.0)?)]);
        let mut optimiser = AdamW::default();
        let (mut a, mut b, mut m, mut v) = (2.0_f64, 2.0_f64, 0.0_f64, 0.0_f64);
        for (t, g) in [(1, 0.3_f64), (2, -0.1)] {
            let gradient = Tensor::new(&[g as f32], &Device::Cpu)?;
            let gradients = BTreeMap::from([("a".to_owned(), gradient.clone()), ("b".to_owned(), gradient)]);
            optimiser.step(&variables, &gradients, 0.1, |name| name == "a")?;
            m = 0.9 * m + 0.1 * g;
            v = 0.98 * v + 0.02 * g * g;
            let change = 0.1 * (m / (1.0 - 0.9_f64.powi(t))) / ((v / (1.0 - 0.98_f64.powi(t))).sqrt() + 1e-6);
            a = a * (1.0 - 0.1 * 0.05) - change;
            b -= change;
        }
        for (name, expected) in [("a", a), ("b", b)] {
            let found = f64::from(variables[name].to_vec1::<f32>()?[0]);
            assert!((found - expected).abs() < 1e-5, "{name}: {found}, expected {expected}");
        }
        Ok(())
    }

    #[test]
    fn a_long_gradient_is_shortened_as_a_whole() -> Result<()> {
        let tensor = |value: f32| Tensor::new(&[value], &Device::Cpu);
        let variables = ["a", "b"].map(|name| (name.to_owned(), Var::new(&[0_f32], &Device::Cpu)));
        let variables =
            variables.into_iter().map(|(name, v)| Ok((name, v?))).collect::<Result<BTreeMap<_, _>>>()?;
        let gradients = BTreeMap::from([("a".to_owned(), tensor(30.0)?), ("b".to_owned(), tensor(40.0)?)]);
        let mut optimiser = AdamW::default();
        optimiser.step(&variables, &gradients, 0.1, |_| false)?;
        for (name, expected) in [("a", 0.06), ("b", 0.08)] {
            let found = optimiser.first[name].to_vec1::<f32>()?[0];
            assert!((found - expected).abs() < 1e-6, "{name}: {found}, expected {expected}");
        }
        Ok(())
    }
}
