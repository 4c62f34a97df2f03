//! What training makes small: CLIP's loss, where a text may be right for several pictures.
//!
//! Radford et al. 2021 (<https://arxiv.org/abs/2103.00020>) take the other pairs of a batch as wrong answers. Captions
//! repeat, though, and pictures of a class share theirs; as in UniCL (Yang et al. 2022,
//! <https://arxiv.org/abs/2204.03610>) all right answers share the target.

use candle_core::{Result, Tensor};
use candle_nn::ops::log_softmax;

/// Mean cross entropy of pictures among texts and texts among pictures, a scalar.
///
/// `pictures`, `texts`: unit vectors `(n, dim)`; `log_scale`: scalar; `right`: `(n, n)`, 1 where the text of the
/// column is right for the picture of the row, else 0, with at least a 1 in each row and column.
pub(super) fn contrastive(
    pictures: &Tensor,
    texts: &Tensor,
    log_scale: &Tensor,
    right: &Tensor,
) -> Result<Tensor> {
    let logits = pictures.matmul(&texts.t()?)?.broadcast_mul(&log_scale.exp()?)?;
    let among = |dimension: usize| {
        let target = right.broadcast_div(&right.sum_keepdim(dimension)?)?;
        (log_softmax(&logits, dimension)? * target)?.sum_all()
    };
    (among(1)? + among(0)?)? * (-0.5 / pictures.dim(0)? as f64)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    fn loss(cosines: [[f32; 2]; 2], scale: f32, right: [[f32; 2]; 2]) -> f32 {
        // Pictures along the axes, so that a text's components are its cosines.
        let texts = [[cosines[0][0], cosines[1][0]], [cosines[0][1], cosines[1][1]]];
        let tensor = |rows: [[f32; 2]; 2]| Tensor::new(&rows, &Device::Cpu).expect("a tensor");
        let log_scale = Tensor::new(scale.ln(), &Device::Cpu).expect("a tensor");
        let loss = contrastive(&tensor([[1.0, 0.0], [0.0, 1.0]]), &tensor(texts), &log_scale, &tensor(right));
        loss.and_then(|loss| loss.to_scalar()).expect("a loss")
    }

    #[test]
    fn one_right_answer_each_is_clips_loss() {
        let found = loss([[1.0, 0.0], [0.0, 1.0]], 3.0, [[1.0, 0.0], [0.0, 1.0]]);
        let expected = (1.0 + (-3.0_f32).exp()).ln();
        assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
    }

    #[test]
    fn several_right_answers_share_the_target() {
        // Rows: picture 0 among texts, logits 2 and 0, both right; picture 1, logits 0 and 1, the second right.
        // Columns: text 0 among pictures, logits 2 and 0, the first right; text 1, logits 0 and 1, both right.
        let soft = |right: f32, wrong: f32| (wrong.exp() / right.exp()).ln_1p();
        let rows = 0.5 * (soft(2.0, 0.0) + soft(0.0, 2.0)) + soft(1.0, 0.0);
        let columns = soft(2.0, 0.0) + 0.5 * (soft(0.0, 1.0) + soft(1.0, 0.0));
        let found = loss([[1.0, 0.0], [0.0, 0.5]], 2.0, [[1.0, 1.0], [0.0, 1.0]]);
        let expected = (rows + columns) / 4.0;
        assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
    }
}
