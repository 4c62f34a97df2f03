//! The tensors that a model consists of: the one list that writers and the loader share.
//!
//! Names and shapes are those of Hugging Face's CLIP checkpoints, so that a message about one can be looked up.

use super::config::{ImageConfig, ModelConfig, TextConfig};
use super::tower::Tower;

/// How a tensor is stored in GGUF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TensorKind {
    /// Weights of a linear layer or rows of a table, `(out, in)`: Q8_0 or Q4_0 where `in` is a multiple of 32, else F16.
    Matrix,
    /// Weights of a convolution, `(out, in, kernel, kernel)`, stored as a matrix `(out, in * kernel * kernel)`.
    Convolution,
    /// Biases, norms and positions: F32.
    Plain,
}

/// A tensor of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorSpec {
    /// Its name in the checkpoint and in GGUF.
    pub name: String,
    /// Its shape in the checkpoint.
    pub shape: Vec<usize>,
    /// How it is stored.
    pub kind: TensorKind,
}

impl TensorSpec {
    /// A tensor of this name and shape.
    pub fn new(name: impl Into<String>, shape: &[usize], kind: TensorKind) -> Self {
        Self { name: name.into(), shape: shape.to_vec(), kind }
    }

    /// Its shape in GGUF.
    pub fn stored_shape(&self) -> Vec<usize> {
        match (self.kind, self.shape.as_slice()) {
            (TensorKind::Convolution, [out, rest @ ..]) => vec![*out, rest.iter().product()],
            _ => self.shape.clone(),
        }
    }

    /// Whether a writer that quantises to Q8_0 or Q4_0 may do so here: blocks are 32 numbers of a row.
    pub fn fits_blocks(&self) -> bool {
        self.kind != TensorKind::Plain
            && self.stored_shape().last().is_some_and(|columns| columns.is_multiple_of(32))
    }
}

impl ModelConfig {
    /// The tensors of `text.gguf`, in the order in which they are written.
    pub fn text_tensors(&self) -> Vec<TensorSpec> {
        let TextConfig { context_length, width, layers, mlp, .. } = self.text;
        let token_width = self.text.token_width();
        let mut list = List(Vec::new());
        let embeddings = "text_model.embeddings";
        list.matrix(
            &format!("{embeddings}.token_embedding.weight"),
            &[self.tokenizer.vocab_size, token_width],
        );
        if self.text.token_dim.is_some() {
            list.matrix(&format!("{embeddings}.token_projection.weight"), &[width, token_width]);
        }
        list.plain(&format!("{embeddings}.position_embedding.weight"), &[context_length, width]);
        list.transformer("text_model.encoder", layers, width, mlp);
        list.norm("text_model.final_layer_norm", width);
        list.matrix("text_projection.weight", &[self.embed_dim, width]);
        list.0
    }

    /// The tensors of `image.gguf`, in the order in which they are written.
    pub fn image_tensors(&self) -> Vec<TensorSpec> {
        let mut list = List(Vec::new());
        let ImageConfig { image_size, tower, .. } = &self.image;
        let last_width = match tower {
            Tower::Vit { patch, width, layers, mlp, .. } => {
                let embeddings = "vision_model.embeddings";
                let positions = (image_size / patch).pow(2) + 1;
                list.plain(&format!("{embeddings}.class_embedding"), &[*width]);
                list.convolution(&format!("{embeddings}.patch_embedding"), *width, 3, *patch);
                list.plain(&format!("{embeddings}.position_embedding.weight"), &[positions, *width]);
                list.norm("vision_model.pre_layrnorm", *width);
                list.transformer("vision_model.encoder", *layers, *width, *mlp);
                list.norm("vision_model.post_layernorm", *width);
                *width
            }
            Tower::Resnet { stem, stages, kernel } => {
                let mut channels = 3;
                for (n, &width) in stem.iter().enumerate() {
                    list.biased_convolution(&format!("vision_model.stem.{n}"), width, channels, 3);
                    channels = width;
                }
                for (n, stage) in stages.iter().enumerate() {
                    let name = format!("vision_model.stages.{n}");
                    if n > 0 {
                        list.biased_convolution(&format!("{name}.down"), stage.width, channels, 3);
                    }
                    channels = stage.width;
                    for m in 0..stage.blocks {
                        for conv in ["conv1", "conv2"] {
                            let name = format!("{name}.blocks.{m}.{conv}");
                            list.biased_convolution(&name, channels, channels, *kernel);
                        }
                    }
                }
                channels
            }
            // Its tensors are those of another engine.
            Tower::Fastvit { .. } | Tower::ModifiedResnet { .. } => return list.0,
        };
        list.matrix("visual_projection.weight", &[self.embed_dim, last_width]);
        list.0
    }
}

struct List(Vec<TensorSpec>);

impl List {
    fn matrix(&mut self, name: &str, shape: &[usize]) {
        self.0.push(TensorSpec::new(name, shape, TensorKind::Matrix));
    }

    fn plain(&mut self, name: &str, shape: &[usize]) {
        self.0.push(TensorSpec::new(name, shape, TensorKind::Plain));
    }

    fn norm(&mut self, name: &str, width: usize) {
        self.plain(&format!("{name}.weight"), &[width]);
        self.plain(&format!("{name}.bias"), &[width]);
    }

    fn linear(&mut self, name: &str, out: usize, input: usize) {
        self.matrix(&format!("{name}.weight"), &[out, input]);
        self.plain(&format!("{name}.bias"), &[out]);
    }

    fn convolution(&mut self, name: &str, out: usize, input: usize, kernel: usize) {
        let name = format!("{name}.weight");
        self.0.push(TensorSpec::new(name, &[out, input, kernel, kernel], TensorKind::Convolution));
    }

    fn biased_convolution(&mut self, name: &str, out: usize, input: usize, kernel: usize) {
        self.convolution(name, out, input, kernel);
        self.plain(&format!("{name}.bias"), &[out]);
    }

    fn transformer(&mut self, name: &str, layers: usize, width: usize, mlp: usize) {
        for n in 0..layers {
            let layer = format!("{name}.layers.{n}");
            self.norm(&format!("{layer}.layer_norm1"), width);
            for projection in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                self.linear(&format!("{layer}.self_attn.{projection}"), width, width);
            }
            self.norm(&format!("{layer}.layer_norm2"), width);
            self.linear(&format!("{layer}.mlp.fc1"), mlp, width);
            self.linear(&format!("{layer}.mlp.fc2"), width, mlp);
        }
    }
}
