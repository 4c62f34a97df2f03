//! Gradients of a step, as if all its batches had gone through the towers at once.
//!
//! GradCache (Gao et al. 2021, <https://arxiv.org/abs/2101.06983>): the loss needs all vectors of a step, but only a
//! batch's activations fit into memory. So all batches are embedded first, without keeping activations; the loss
//! gives the gradient of each vector; then each batch is embedded again, and its vectors' gradients go on into the
//! weights. The wrong answers of a picture are thus the texts of the whole step.

use std::collections::BTreeMap;

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, Var};

use super::loss::contrastive;
use super::optimiser::Gradients;
use super::towers::{Tokens, embed_texts, embed_views};
use super::weights::{Model, Values};

/// Pairs that go through the towers together.
pub(super) struct Batch {
    /// `(pictures, size, size, 3)`, normalised.
    pub(super) pixels: Tensor,
    /// A text for each picture.
    pub(super) tokens: Tokens,
}

/// Batches that make one step of the optimiser.
pub(super) struct Step {
    pub(super) batches: Vec<Batch>,
    /// `(n, n)` over all pairs of the step: 1 where the column's text is right for the row's picture, else 0.
    pub(super) right: Tensor,
}

/// Unit vectors of the pictures and of the texts.
type Vectors = (Tensor, Tensor);

/// The loss of a step and its gradients by the names of the model's variables.
pub(super) fn gradients(model: &Model, step: &Step) -> Result<(f32, Gradients)> {
    let variables = model.variables();
    let mut sums = Gradients::new();
    if let [batch] = step.batches.as_slice() {
        let values = model.values(true)?;
        let (pictures, texts) = embed(model, &values, batch)?;
        let loss = contrastive(&pictures, &texts, &values.log_scale, &step.right)?;
        add(&mut sums, &variables, &loss.backward()?)?;
        return Ok((loss.to_scalar()?, sums));
    }
    let (loss, of_vectors) = gradients_of_vectors(model, step, &variables, &mut sums)?;
    let mut start = 0;
    for batch in &step.batches {
        let vectors = embed(model, &model.values(true)?, batch)?;
        let count = vectors.0.dim(0)?;
        // A sum whose gradient in each vector is the one that the loss has there.
        let part =
            |vectors: &Tensor, gradient: &Tensor| (vectors * gradient.narrow(0, start, count)?)?.sum_all();
        let stand_in = (part(&vectors.0, &of_vectors.0)? + part(&vectors.1, &of_vectors.1)?)?;
        add(&mut sums, &variables, &stand_in.backward()?)?;
        start += count;
    }
    Ok((loss, sums))
}

/// The loss of all batches of a step and its gradients in the vectors; that in the scale is added to `sums`.
fn gradients_of_vectors(
    model: &Model,
    step: &Step,
    variables: &BTreeMap<String, Var>,
    sums: &mut Gradients,
) -> Result<(f32, Vectors)> {
    let fixed = model.values(false)?;
    let vectors = step.batches.iter().map(|batch| embed(model, &fixed, batch));
    let (pictures, texts): (Vec<Tensor>, Vec<Tensor>) =
        vectors.collect::<Result<Vec<_>>>()?.into_iter().unzip();
    let pictures = Var::from_tensor(&Tensor::cat(&pictures, 0)?)?;
    let texts = Var::from_tensor(&Tensor::cat(&texts, 0)?)?;
    let loss = contrastive(&pictures, &texts, &model.values(true)?.log_scale, &step.right)?;
    let found = loss.backward()?;
    add(sums, variables, &found)?;
    let of = |vectors: &Var| match found.get(vectors) {
        Some(gradient) => Ok(gradient.clone()),
        None => vectors.zeros_like(),
    };
    Ok((loss.to_scalar()?, (of(&pictures)?, of(&texts)?)))
}

fn embed(model: &Model, values: &Values, batch: &Batch) -> Result<Vectors> {
    let pictures = embed_views(&values.image, &model.config.image, &batch.pixels)?;
    Ok((pictures, embed_texts(&values.text, &model.config, &batch.tokens)?))
}

fn add(sums: &mut Gradients, variables: &BTreeMap<String, Var>, found: &GradStore) -> Result<()> {
    for (name, variable) in variables {
        let Some(gradient) = found.get(variable) else { continue };
        let sum = match sums.get(name) {
            Some(sum) => (sum + gradient)?,
            None => gradient.clone(),
        };
        sums.insert(name.clone(), sum);
    }
    Ok(())
}
