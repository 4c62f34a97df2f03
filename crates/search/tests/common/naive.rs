//! The towers in plain loops and f64: slow, short, and sharing nothing with the engine.

use clip_rs_search::model::{Activation, ImageConfig, ModelConfig, Tower};

use super::Weights;

type Rows = Vec<Vec<f64>>;

/// `tokens -> (embed_dim,)`, of length 1.
pub fn text(config: &ModelConfig, weights: &Weights, tokens: &[u32]) -> Vec<f64> {
    let text = &config.text;
    let table = |name: &str, row: usize, width: usize| -> Vec<f64> {
        numbers(weights, &format!("text_model.embeddings.{name}.weight"))[row * width..(row + 1) * width]
            .to_vec()
    };
    let mut x = Rows::new();
    for (at, &token) in tokens.iter().enumerate() {
        let mut row = table("token_embedding", token as usize, text.token_width());
        if text.token_dim.is_some() {
            row = product(&numbers(weights, "text_model.embeddings.token_projection.weight"), &row);
        }
        x.push(add(&row, &table("position_embedding", at, text.width)));
    }
    let sizes = (text.layers, text.heads, text.activation, text.layer_norm_eps);
    let x = transformer(weights, "text_model.encoder", sizes, true, x);
    let end = norm(weights, "text_model.final_layer_norm", text.layer_norm_eps, x.last().expect("a token"));
    unit(product(&numbers(weights, "text_projection.weight"), &end))
}

/// `(size, size, 3)` of bytes `-> (embed_dim,)`, of length 1.
pub fn image(config: &ModelConfig, weights: &Weights, rgb: &[u8]) -> Vec<f64> {
    let image = &config.image;
    let planes = normalise(image, rgb);
    let pooled = match &image.tower {
        Tower::Resnet { stem, stages, kernel } => {
            let mut x = planes;
            for n in 0..stem.len() {
                x = relu(convolve(weights, &format!("vision_model.stem.{n}"), &x, 3, 2));
            }
            for (n, stage) in stages.iter().enumerate() {
                let name = format!("vision_model.stages.{n}");
                if n > 0 {
                    x = relu(convolve(weights, &format!("{name}.down"), &x, 3, 2));
                }
                for m in 0..stage.blocks {
                    let block = format!("{name}.blocks.{m}");
                    let hidden = relu(convolve(weights, &format!("{block}.conv1"), &x, *kernel, 1));
                    let hidden = convolve(weights, &format!("{block}.conv2"), &hidden, *kernel, 1);
                    x = relu(hidden.iter().zip(&x).map(|(a, b)| add(a, b)).collect());
                }
            }
            x.iter().map(|plane| plane.iter().sum::<f64>() / plane.len() as f64).collect()
        }
        Tower::Fastvit { .. } | Tower::ModifiedResnet { .. } => unreachable!("another engine's"),
        Tower::Vit { patch, width, layers, heads, activation, layer_norm_eps, .. } => {
            let embeddings = |name: &str| numbers(weights, &format!("vision_model.embeddings.{name}"));
            let mut x = vec![embeddings("class_embedding")];
            let kernel = embeddings("patch_embedding.weight");
            for top in (0..image.image_size).step_by(*patch) {
                for left in (0..image.image_size).step_by(*patch) {
                    let mut window = Vec::new();
                    for plane in &planes {
                        for y in top..top + patch {
                            window.extend(&plane[y * image.image_size + left..][..*patch]);
                        }
                    }
                    x.push(product(&kernel, &window));
                }
            }
            let positions = embeddings("position_embedding.weight");
            let x = x.iter().zip(positions.chunks(*width)).map(|(row, position)| {
                norm(weights, "vision_model.pre_layrnorm", *layer_norm_eps, &add(row, position))
            });
            let sizes = (*layers, *heads, *activation, *layer_norm_eps);
            let x = transformer(weights, "vision_model.encoder", sizes, false, x.collect());
            norm(weights, "vision_model.post_layernorm", *layer_norm_eps, &x[0])
        }
    };
    unit(product(&numbers(weights, "visual_projection.weight"), &pooled))
}

fn numbers(weights: &Weights, name: &str) -> Vec<f64> {
    weights[name].iter().map(|&x| f64::from(x)).collect()
}

fn add(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Matrix with rows as long as `x`, times `x`.
fn product(matrix: &[f64], x: &[f64]) -> Vec<f64> {
    matrix.chunks(x.len()).map(|row| dot(row, x)).collect()
}

fn unit(x: Vec<f64>) -> Vec<f64> {
    let length = dot(&x, &x).sqrt();
    x.iter().map(|x| x / length).collect()
}

fn linear(weights: &Weights, name: &str, x: &[f64]) -> Vec<f64> {
    let y = product(&numbers(weights, &format!("{name}.weight")), x);
    add(&y, &numbers(weights, &format!("{name}.bias")))
}

fn norm(weights: &Weights, name: &str, eps: f64, x: &[f64]) -> Vec<f64> {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64;
    let (weight, bias) =
        (numbers(weights, &format!("{name}.weight")), numbers(weights, &format!("{name}.bias")));
    let scaled = x.iter().zip(weight).map(|(x, w)| (x - mean) / (variance + eps).sqrt() * w);
    add(&scaled.collect::<Vec<_>>(), &bias)
}

fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::QuickGelu => x / (1.0 + (-1.702 * x).exp()),
        Activation::Gelu => x * 0.5 * (1.0 + erf(x / 2.0_f64.sqrt())),
    }
}

/// The error function by its Taylor series, good to 1e-9 for the arguments of a test.
fn erf(x: f64) -> f64 {
    if x.abs() > 4.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..80 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

fn transformer(
    weights: &Weights,
    name: &str,
    (layers, heads, activation, eps): (usize, usize, Activation, f64),
    causal: bool,
    mut x: Rows,
) -> Rows {
    for n in 0..layers {
        let layer = format!("{name}.layers.{n}");
        let normed: Rows =
            x.iter().map(|row| norm(weights, &format!("{layer}.layer_norm1"), eps, row)).collect();
        let project = |which: &str| -> Rows {
            normed.iter().map(|row| linear(weights, &format!("{layer}.self_attn.{which}"), row)).collect()
        };
        let mixed = attention(&project("q_proj"), &project("k_proj"), &project("v_proj"), heads, causal);
        for (row, mixed) in x.iter_mut().zip(mixed) {
            *row = add(row, &linear(weights, &format!("{layer}.self_attn.out_proj"), &mixed));
            let normed = norm(weights, &format!("{layer}.layer_norm2"), eps, row);
            let hidden = linear(weights, &format!("{layer}.mlp.fc1"), &normed);
            let hidden: Vec<f64> = hidden.iter().map(|&x| activate(activation, x)).collect();
            *row = add(row, &linear(weights, &format!("{layer}.mlp.fc2"), &hidden));
        }
    }
    x
}

fn attention(q: &Rows, k: &Rows, v: &Rows, heads: usize, causal: bool) -> Rows {
    let width = q[0].len();
    let head = width / heads;
    let mut mixed = vec![vec![0.0; width]; q.len()];
    for part in (0..width).step_by(head).map(|start| start..start + head) {
        for i in 0..q.len() {
            let seen = if causal { i + 1 } else { q.len() };
            let score =
                |j: usize| (dot(&q[i][part.clone()], &k[j][part.clone()]) / (head as f64).sqrt()).exp();
            let scores: Vec<f64> = (0..seen).map(score).collect();
            let sum: f64 = scores.iter().sum();
            for (j, score) in scores.iter().enumerate() {
                for c in part.clone() {
                    mixed[i][c] += score / sum * v[j][c];
                }
            }
        }
    }
    mixed
}

/// Three planes `(size * size)` of normalised numbers.
fn normalise(config: &ImageConfig, rgb: &[u8]) -> Rows {
    let plane = |channel: usize| {
        let values = rgb.iter().skip(channel).step_by(3);
        let (mean, std) = (f64::from(config.mean[channel]), f64::from(config.std[channel]));
        values.map(|&value| (f64::from(value) / 255.0 - mean) / std).collect()
    };
    (0..3).map(plane).collect()
}

fn relu(planes: Rows) -> Rows {
    planes.into_iter().map(|plane| plane.into_iter().map(|x| x.max(0.0)).collect()).collect()
}

/// Convolution with zero padding of half the kernel over planes.
fn convolve(weights: &Weights, name: &str, planes: &Rows, kernel: usize, stride: usize) -> Rows {
    let side = planes[0].len().isqrt() as isize;
    let out_side = (side + stride as isize - 1) / stride as isize;
    let weight = numbers(weights, &format!("{name}.weight"));
    let bias = numbers(weights, &format!("{name}.bias"));
    let per_out = planes.len() * kernel * kernel;
    let pixel = |out: usize, at: isize| {
        let mut sum = bias[out];
        for (channel, plane) in planes.iter().enumerate() {
            for ky in 0..kernel {
                for kx in 0..kernel {
                    let y = at / out_side * stride as isize + ky as isize - kernel as isize / 2;
                    let x = at % out_side * stride as isize + kx as isize - kernel as isize / 2;
                    if (0..side).contains(&y) && (0..side).contains(&x) {
                        let w = weight[out * per_out + (channel * kernel + ky) * kernel + kx];
                        sum += w * plane[(y * side + x) as usize];
                    }
                }
            }
        }
        sum
    };
    (0..bias.len()).map(|out| (0..out_side * out_side).map(|at| pixel(out, at)).collect()).collect()
}
