//! What there is to know of a package, for people.

use clip_rs_catalog::Digest;
use clip_rs_search::model::{Activation, Concepts, Marks, ModelConfig, TensorSpec, Tower, numbers_by_type};

use super::Package;
use clip_rs_stage::StageError;
use clip_rs_towers::tensors;

/// Name, towers, sizes, digests, provenance and licence, a line each.
pub fn describe(package: &Package) -> Result<String, StageError> {
    let config = &package.config;
    let mut lines = vec![
        format!("{} ({})", if config.title.is_empty() { &config.name } else { &config.title }, config.name),
        format!("embedding: {} components, logit scale {}", config.embed_dim, config.logit_scale),
    ];
    if let Some(architecture) = config.architecture {
        lines.push(format!("architecture: {}, computed by candle", architecture.name()));
    }
    for (tower, network, listed, file, content) in [
        ("text", text_network(config), tensors::text(config), &config.text.file, &package.text),
        ("image", image_network(config), tensors::image(config), &config.image.file, &package.image),
    ] {
        let parameters = listed.iter().map(count).sum::<usize>() as f64 / 1e6;
        lines.push(format!("{tower}: {network}, {parameters:.2} M parameters"));
        let path = package.folder().join(file);
        let types = shares(content).map_err(StageError::engine(path.display()))?;
        let megabytes = content.len() as f64 / 1e6;
        lines.push(format!("  {file}: {megabytes:.2} MB ({types}), SHA-256 {}", Digest::of(content)));
    }
    lines.push(format!(
        "vocabulary: {} tokens, {} {:.2} MB",
        config.tokenizer.vocab_size,
        config.tokenizer.file,
        package.vocabulary.len() as f64 / 1e6
    ));
    lines.push(format!("pictures: {0} x {0} pixels", config.image.image_size));
    lines.push(format!("texts: at most {} tokens", config.text.context_length));
    lines.push(match package.text_encoder()?.concepts() {
        Some(concepts) => {
            let Marks { intercept, score, familiarity } = concepts.marks();
            format!(
                "marks: chances, 1 / (1 + exp(-({intercept:.2} + {score:.2} score + {familiarity:.2} familiarity))), {} concepts",
                Concepts::COUNT
            )
        }
        None => "marks: no chances; `clip-rs model calibrate` fits them".to_owned(),
    });
    lines.push(format!("provenance: {}", config.provenance));
    lines.push(format!("licence: {}", config.licence));
    lines.push(format!("package: SHA-256 {}", package.digest()));
    Ok(lines.join("\n"))
}

fn count(tensor: &TensorSpec) -> usize {
    tensor.shape.iter().product()
}

/// Which part of a file's numbers is of which type: `Q8_0 99.7 %, F32 0.3 %`, the most first.
fn shares(gguf: &[u8]) -> Result<String, clip_rs_search::model::ModelError> {
    let mut numbers: Vec<(String, u64)> = numbers_by_type(gguf)?.into_iter().collect();
    numbers.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let all = numbers.iter().map(|(_, count)| *count as f64).sum::<f64>().max(1.0);
    let share = |(name, count): &(String, u64)| format!("{name} {:.1} %", *count as f64 * 100.0 / all);
    Ok(numbers.iter().map(share).collect::<Vec<_>>().join(", "))
}

fn text_network(config: &ModelConfig) -> String {
    let text = &config.text;
    let token = text.token_dim.map_or(String::new(), |dim| format!(", tokens of width {dim}"));
    let network =
        format!("transformer, {} layers of width {}, {} heads", text.layers, text.width, text.heads);
    format!("{network}, {}{token}", activation(text.activation))
}

fn image_network(config: &ModelConfig) -> String {
    match &config.image.tower {
        Tower::Vit { patch, width, layers, heads, activation: kind, .. } => format!(
            "vision transformer, {layers} layers of width {width}, {heads} heads, patches of {patch} pixels, {}",
            activation(*kind)
        ),
        Tower::Resnet { stages, .. } => {
            let widths: Vec<String> = stages.iter().map(|stage| stage.width.to_string()).collect();
            format!("residual network, stages of width {}", widths.join(", "))
        }
        Tower::Fastvit { width, blocks, .. } => {
            format!("FastViT, {} blocks, first stage of width {width}", blocks.iter().sum::<usize>())
        }
        Tower::ModifiedResnet { width, blocks, heads } => format!(
            "residual network, {} bottlenecks, first of width {width}, attention pooling with {heads} heads",
            blocks.iter().sum::<usize>()
        ),
    }
}

fn activation(activation: Activation) -> &'static str {
    match activation {
        Activation::Gelu => "GELU",
        Activation::QuickGelu => "QuickGELU",
    }
}
