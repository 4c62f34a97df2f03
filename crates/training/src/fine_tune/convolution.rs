//! Convolutions that can be trained on a processor.
//!
//! candle's own backward pass of a convolution is a convolution whose kernel is as large as the picture, which takes
//! minutes where a product of matrices takes seconds. Here a convolution is what the engine makes of it: each output
//! pixel's neighbourhood copied into a row, then one product; backwards, the rows are added to where they came from.

use std::ops::Range;

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

/// `x: (batch, side, side, in) -> (batch, ceil(side / stride), .., out)` with as much padding as keeps the size at
/// stride 1. `weight` is `(out, in, kernel, kernel)` with an odd kernel, `bias` `(out,)`.
pub(super) fn convolve(x: &Tensor, weight: &Tensor, bias: &Tensor, stride: usize) -> Result<Tensor> {
    let (out, _, kernel, _) = weight.dims4()?;
    if !x.device().is_cpu() {
        let x = x.permute((0, 3, 1, 2))?.contiguous()?;
        let y = x.conv2d(weight, kernel / 2, stride, 1, 1)?;
        return y.permute((0, 2, 3, 1))?.contiguous()?.broadcast_add(bias);
    }
    let (batch, side, _, channels) = x.dims4()?;
    let places = Places { side, channels, kernel, stride };
    let rows = x.contiguous()?.apply_op1(Gather(places))?;
    let weight = weight.permute((0, 2, 3, 1))?.reshape((out, places.row()))?;
    let y = rows.matmul(&weight.t()?)?.broadcast_add(bias)?;
    y.reshape((batch, places.out_side(), places.out_side(), out))
}

/// Which input each number of a row of neighbours is, for one picture.
#[derive(Clone, Copy)]
struct Places {
    side: usize,
    channels: usize,
    kernel: usize,
    stride: usize,
}

impl Places {
    fn out_side(&self) -> usize {
        self.side.div_ceil(self.stride)
    }

    /// Length of a row: `(kernel, kernel, channels)`.
    fn row(&self) -> usize {
        self.kernel * self.kernel * self.channels
    }

    /// Numbers in all rows of a picture.
    fn rows(&self) -> usize {
        self.out_side() * self.out_side() * self.row()
    }

    /// Numbers of a picture.
    fn picture(&self) -> usize {
        self.side * self.side * self.channels
    }

    /// The runs of memory that rows and picture share, as (range of the rows, range of the picture).
    fn runs(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let places @ Self { side, channels, kernel, stride } = *self;
        let padding = kernel / 2;
        (0..places.out_side() * places.out_side() * kernel).filter_map(move |at| {
            let (pixel, ky) = (at / kernel, at % kernel);
            let (top, left) = (pixel / places.out_side() * stride, pixel % places.out_side() * stride);
            let y = (top + ky).checked_sub(padding).filter(|y| *y < side)?;
            // The columns of the kernel that lie inside the picture.
            let first = padding.saturating_sub(left);
            let last = kernel.min(side + padding - left);
            let row = pixel * places.row() + (ky * kernel + first) * channels;
            let from = (y * side + left + first - padding) * channels;
            let length = (last - first) * channels;
            Some((row..row + length, from..from + length))
        })
    }
}

/// `(batch, side, side, channels) -> (batch * out_side * out_side, kernel * kernel * channels)`, zero outside the
/// picture.
struct Gather(Places);

impl CustomOp1 for Gather {
    fn name(&self) -> &'static str {
        "gather-neighbourhoods"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let values = contiguous(storage, layout)?;
        let mut rows = vec![0.0; values.len() / self.0.picture() * self.0.rows()];
        let pictures = values.par_chunks_exact(self.0.picture());
        rows.par_chunks_exact_mut(self.0.rows()).zip(pictures).for_each(|(rows, picture)| {
            for (to, from) in self.0.runs() {
                rows[to].copy_from_slice(&picture[from]);
            }
        });
        let shape = (rows.len() / self.0.row(), self.0.row());
        Ok((CpuStorage::F32(rows), shape.into()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        gradient.contiguous()?.apply_op1_no_bwd(&Scatter(self.0)).map(Some)
    }
}

/// The transpose of [`Gather`]: each number of a row is added to where it came from.
struct Scatter(Places);

impl CustomOp1 for Scatter {
    fn name(&self) -> &'static str {
        "scatter-neighbourhoods"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let rows = contiguous(storage, layout)?;
        let batch = rows.len() / self.0.rows();
        let mut values = vec![0.0; batch * self.0.picture()];
        let rows = rows.par_chunks_exact(self.0.rows());
        values.par_chunks_exact_mut(self.0.picture()).zip(rows).for_each(|(picture, rows)| {
            for (from, to) in self.0.runs() {
                picture[to].iter_mut().zip(&rows[from]).for_each(|(sum, value)| *sum += value);
            }
        });
        let shape = (batch, self.0.side, self.0.side, self.0.channels);
        Ok((CpuStorage::F32(values), shape.into()))
    }
}

fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let values = storage.as_slice::<f32>()?;
    match layout.contiguous_offsets().and_then(|(start, end)| values.get(start..end)) {
        Some(values) => Ok(values),
        None => bail!("neighbourhoods are only gathered from contiguous tensors"),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use clip_rs_stage::dice::Dice;

    fn random(dice: &mut Dice, shape: &[usize]) -> Var {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| dice.range(-1.0, 1.0) as f32).collect();
        Var::from_vec(values, shape, &Device::Cpu).expect("a tensor")
    }

    fn largest_difference(a: &Tensor, b: &Tensor) -> f32 {
        let difference = (a - b).and_then(|d| d.abs()?.flatten_all()?.max(0)?.to_scalar());
        difference.expect("equal shapes")
    }

    #[test]
    fn values_and_gradients_are_those_of_candles_convolution() -> Result<()> {
        for (seed, (side, kernel, stride)) in
            [(6, 3, 1), (6, 3, 2), (7, 3, 2), (5, 5, 1), (4, 1, 1), (9, 7, 2)].into_iter().enumerate()
        {
            let mut dice = Dice::new(seed as u64, 1);
            let x = random(&mut dice, &[2, side, side, 3]);
            let weight = random(&mut dice, &[4, 3, kernel, kernel]);
            let bias = random(&mut dice, &[4]);
            let ours = convolve(&x, &weight, &bias, stride)?;
            let theirs = x.permute((0, 3, 1, 2))?.contiguous()?.conv2d(&weight, kernel / 2, stride, 1, 1)?;
            let theirs = theirs.permute((0, 2, 3, 1))?.contiguous()?.broadcast_add(&bias)?;
            assert!(largest_difference(&ours, &theirs) < 1e-5, "seed {seed}");
            // A loss that weighs every output differently.
            let weights = random(&mut dice, ours.dims());
            let ours = (ours * weights.as_tensor())?.sum_all()?.backward()?;
            let theirs = (theirs * weights.as_tensor())?.sum_all()?.backward()?;
            for variable in [&x, &weight, &bias] {
                let (ours, theirs) = (ours.get(variable), theirs.get(variable));
                let (ours, theirs) = (ours.expect("a gradient"), theirs.expect("a gradient"));
                let difference = largest_difference(ours, theirs);
                assert!(difference < 1e-4, "seed {seed}, side {side}, kernel {kernel}: {difference}");
            }
        }
        Ok(())
    }
}
