//! The tensors of a tower, by architecture: the one list that whoever writes a package and the loader here share.
//!
//! Names and shapes are those of the reference's checkpoints, which are also those that candle's models ask for.

use clip_rs_search::model::{
    Architecture, ImageConfig, ModelConfig, TensorKind, TensorSpec, TextConfig, Tower as Network,
};

use crate::resnet;

/// Kinds of segments that BERT knows; a text is of the first.
pub(crate) const SEGMENTS: usize = 2;

/// A file of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tower {
    /// `text.gguf`
    Text,
    /// `image.gguf`
    Image,
}

/// Value of `general.architecture` in a tower's file.
pub fn kind(config: &ModelConfig, tower: Tower) -> String {
    let architecture = config.architecture.map_or("clip", Architecture::name);
    match tower {
        Tower::Text => format!("{architecture}-text"),
        Tower::Image => format!("{architecture}-image"),
    }
}

/// The tensors of `text.gguf`, in the order in which they are written.
pub fn text(config: &ModelConfig) -> Vec<TensorSpec> {
    let mut list = List(Vec::new());
    match config.architecture {
        None | Some(Architecture::ClipResnet) => return config.text_tensors(),
        Some(Architecture::Siglip) => list.siglip_text(config),
        Some(Architecture::ChineseClip) => list.bert(config),
        Some(Architecture::MobileClip) => list.open_clip_text(config),
    }
    list.0
}

/// The tensors of `image.gguf`, in the order in which they are written.
pub fn image(config: &ModelConfig) -> Vec<TensorSpec> {
    let mut list = List(Vec::new());
    match config.architecture {
        // Chinese-CLIP has CLIP's own.
        None | Some(Architecture::ChineseClip) => return config.image_tensors(),
        Some(Architecture::Siglip) => list.siglip_image(&config.image),
        Some(Architecture::MobileClip) => list.fastvit(&config.image, config.embed_dim),
        Some(Architecture::ClipResnet) => list.modified_resnet(&config.image, config.embed_dim),
    }
    list.0
}

/// Name of the table of tokens among [`text`].
pub(crate) fn token_table(config: &ModelConfig) -> &'static str {
    match config.architecture {
        None | Some(Architecture::Siglip | Architecture::ClipResnet) => {
            "text_model.embeddings.token_embedding.weight"
        }
        Some(Architecture::ChineseClip) => "text_model.embeddings.word_embeddings.weight",
        Some(Architecture::MobileClip) => "text.token_embedding.weight",
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

    /// `input` is that of a group.
    fn convolution(&mut self, name: &str, [out, input, kernel]: [usize; 3]) {
        let shape = [out, input, kernel, kernel];
        self.0.push(TensorSpec::new(format!("{name}.weight"), &shape, TensorKind::Convolution));
    }

    fn biased_convolution(&mut self, name: &str, shape: [usize; 3]) {
        self.convolution(name, shape);
        self.plain(&format!("{name}.bias"), &[shape[0]]);
    }

    fn batch_norm(&mut self, name: &str, width: usize) {
        self.norm(name, width);
        self.plain(&format!("{name}.running_mean"), &[width]);
        self.plain(&format!("{name}.running_var"), &[width]);
    }

    fn siglip_encoder(&mut self, name: &str, layers: usize, width: usize, mlp: usize) {
        for n in 0..layers {
            let layer = format!("{name}.layers.{n}");
            for projection in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                self.linear(&format!("{layer}.self_attn.{projection}"), width, width);
            }
            self.norm(&format!("{layer}.layer_norm1"), width);
            self.linear(&format!("{layer}.mlp.fc1"), mlp, width);
            self.linear(&format!("{layer}.mlp.fc2"), width, mlp);
            self.norm(&format!("{layer}.layer_norm2"), width);
        }
    }

    fn siglip_text(&mut self, config: &ModelConfig) {
        let TextConfig { context_length, width, layers, mlp, .. } = config.text;
        self.matrix(token_table(config), &[config.tokenizer.vocab_size, width]);
        self.plain("text_model.embeddings.position_embedding.weight", &[context_length, width]);
        self.siglip_encoder("text_model.encoder", layers, width, mlp);
        self.norm("text_model.final_layer_norm", width);
        self.linear("text_model.head", config.embed_dim, width);
    }

    fn siglip_image(&mut self, image: &ImageConfig) {
        let Network::Vit { patch, width, layers, mlp, .. } = image.tower else { return };
        self.biased_convolution("vision_model.embeddings.patch_embedding", [width, 3, patch]);
        let patches = (image.image_size / patch.max(1)).pow(2);
        self.plain("vision_model.embeddings.position_embedding.weight", &[patches, width]);
        self.siglip_encoder("vision_model.encoder", layers, width, mlp);
        self.norm("vision_model.post_layernorm", width);
        let head = "vision_model.head";
        self.plain(&format!("{head}.probe"), &[1, 1, width]);
        self.matrix(&format!("{head}.attention.in_proj_weight"), &[3 * width, width]);
        self.plain(&format!("{head}.attention.in_proj_bias"), &[3 * width]);
        self.linear(&format!("{head}.attention.out_proj"), width, width);
        self.norm(&format!("{head}.layernorm"), width);
        self.linear(&format!("{head}.mlp.fc1"), mlp, width);
        self.linear(&format!("{head}.mlp.fc2"), width, mlp);
    }

    /// Chinese-CLIP's text tower.
    fn bert(&mut self, config: &ModelConfig) {
        let TextConfig { context_length, width, layers, mlp, .. } = config.text;
        let embeddings = "text_model.embeddings";
        self.matrix(token_table(config), &[config.tokenizer.vocab_size, width]);
        self.plain(&format!("{embeddings}.position_embeddings.weight"), &[context_length, width]);
        self.plain(&format!("{embeddings}.token_type_embeddings.weight"), &[SEGMENTS, width]);
        self.norm(&format!("{embeddings}.LayerNorm"), width);
        for n in 0..layers {
            let layer = format!("text_model.encoder.layer.{n}");
            for part in ["query", "key", "value"] {
                self.linear(&format!("{layer}.attention.self.{part}"), width, width);
            }
            self.linear(&format!("{layer}.attention.output.dense"), width, width);
            self.norm(&format!("{layer}.attention.output.LayerNorm"), width);
            self.linear(&format!("{layer}.intermediate.dense"), mlp, width);
            self.linear(&format!("{layer}.output.dense"), width, mlp);
            self.norm(&format!("{layer}.output.LayerNorm"), width);
        }
        self.matrix("text_projection.weight", &[config.embed_dim, width]);
    }

    /// MobileCLIP's text tower.
    fn open_clip_text(&mut self, config: &ModelConfig) {
        let TextConfig { context_length, width, layers, mlp, .. } = config.text;
        self.matrix(token_table(config), &[config.tokenizer.vocab_size, width]);
        self.plain("text.positional_embedding", &[context_length, width]);
        for n in 0..layers {
            let block = format!("text.transformer.resblocks.{n}");
            self.norm(&format!("{block}.ln_1"), width);
            self.matrix(&format!("{block}.attn.in_proj_weight"), &[3 * width, width]);
            self.plain(&format!("{block}.attn.in_proj_bias"), &[3 * width]);
            self.linear(&format!("{block}.attn.out_proj"), width, width);
            self.norm(&format!("{block}.ln_2"), width);
            self.linear(&format!("{block}.mlp.c_fc"), mlp, width);
            self.linear(&format!("{block}.mlp.c_proj"), width, mlp);
        }
        self.norm("text.ln_final", width);
        self.matrix("text.text_projection", &[width, config.embed_dim]);
    }

    /// MobileCLIP's image tower, timm's `fastvit_mci0` to `fastvit_mci2`.
    fn fastvit(&mut self, image: &ImageConfig, embed_dim: usize) {
        let Network::Fastvit { width, blocks, mlp_ratio } = image.tower else { return };
        let trunk = "visual.trunk";
        self.mobile_one(&format!("{trunk}.stem.0"), [width, 3, 3], false);
        self.mobile_one(&format!("{trunk}.stem.1"), [width, 1, 3], false);
        self.mobile_one(&format!("{trunk}.stem.2"), [width, width, 1], true);
        for (n, blocks) in blocks.into_iter().enumerate() {
            let (stage, width) = (format!("{trunk}.stages.{n}"), width << n);
            if n > 0 {
                let first = format!("{stage}.downsample.proj.0");
                for (part, kernel) in [("large_conv", 7), ("small_conv", 3)] {
                    self.normed_convolution(&format!("{first}.{part}"), [width, 1, kernel]);
                }
                if n > 1 {
                    self.squeeze_and_excitation(&format!("{first}.se"), width, width / 4);
                }
                self.mobile_one(&format!("{stage}.downsample.proj.1"), [width, width, 1], true);
            }
            if n == 3 {
                self.biased_convolution(&format!("{stage}.pos_emb.pos_enc"), [width, 1, 7]);
            }
            for m in 0..blocks {
                self.fastvit_block(&format!("{stage}.blocks.{m}"), width, mlp_ratio, n == 3);
            }
        }
        let last = 16 * width;
        self.squeeze_and_excitation(&format!("{trunk}.final_conv.se"), last, last / 16);
        self.mobile_one(&format!("{trunk}.final_conv"), [last, 1, 3], false);
        self.linear(&format!("{trunk}.head.fc"), embed_dim, last);
    }

    fn fastvit_block(&mut self, name: &str, width: usize, mlp_ratio: usize, attends: bool) {
        if attends {
            self.batch_norm(&format!("{name}.norm"), width);
            self.matrix(&format!("{name}.token_mixer.qkv.weight"), &[3 * width, width]);
            self.linear(&format!("{name}.token_mixer.proj"), width, width);
            self.plain(&format!("{name}.layer_scale_1.gamma"), &[width, 1, 1]);
        } else {
            self.batch_norm(&format!("{name}.token_mixer.norm.identity"), width);
            self.mobile_one(&format!("{name}.token_mixer.mixer"), [width, 1, 3], true);
            self.plain(&format!("{name}.token_mixer.layer_scale.gamma"), &[width, 1, 1]);
        }
        self.normed_convolution(&format!("{name}.mlp.conv"), [width, 1, 7]);
        self.biased_convolution(&format!("{name}.mlp.fc1"), [width * mlp_ratio, width, 1]);
        self.biased_convolution(&format!("{name}.mlp.fc2"), [width, width * mlp_ratio, 1]);
        let scale = if attends { "layer_scale_2" } else { "layer_scale" };
        self.plain(&format!("{name}.{scale}.gamma"), &[width, 1, 1]);
    }

    /// A convolution as it is trained: beside one of 1 x 1, and beside nothing but a norm where input and output are alike.
    fn mobile_one(&mut self, name: &str, [out, input, kernel]: [usize; 3], is_alike: bool) {
        if is_alike {
            self.batch_norm(&format!("{name}.identity"), out);
        }
        self.normed_convolution(&format!("{name}.conv_kxk.0"), [out, input, kernel]);
        if kernel > 1 {
            self.normed_convolution(&format!("{name}.conv_scale"), [out, input, 1]);
        }
    }

    /// The image tower of OpenAI's RN50 to RN50x64.
    fn modified_resnet(&mut self, image: &ImageConfig, embed_dim: usize) {
        let Network::ModifiedResnet { width, blocks, .. } = image.tower else { return };
        for (n, input, out) in [(1, 3, width / 2), (2, width / 2, width / 2), (3, width / 2, width)] {
            self.convolution(&format!("visual.conv{n}"), [out, input, 3]);
            self.batch_norm(&format!("visual.bn{n}"), out);
        }
        let mut channels = width;
        for (n, blocks) in blocks.into_iter().enumerate() {
            let (narrow, wide) = (width << n, width << (n + 2));
            for m in 0..blocks {
                let block = format!("visual.layer{}.{m}", n + 1);
                for (n, shape) in
                    [(1, [narrow, channels, 1]), (2, [narrow, narrow, 3]), (3, [wide, narrow, 1])]
                {
                    self.convolution(&format!("{block}.conv{n}"), shape);
                    self.batch_norm(&format!("{block}.bn{n}"), shape[0]);
                }
                if m == 0 {
                    self.convolution(&format!("{block}.downsample.0"), [wide, channels, 1]);
                    self.batch_norm(&format!("{block}.downsample.1"), wide);
                }
                channels = wide;
            }
        }
        let positions = (image.image_size / resnet::STRIDE).pow(2) + 1;
        self.plain("visual.attnpool.positional_embedding", &[positions, channels]);
        for projection in ["k_proj", "q_proj", "v_proj"] {
            self.linear(&format!("visual.attnpool.{projection}"), channels, channels);
        }
        self.linear("visual.attnpool.c_proj", embed_dim, channels);
    }

    fn normed_convolution(&mut self, name: &str, shape: [usize; 3]) {
        self.convolution(&format!("{name}.conv"), shape);
        self.batch_norm(&format!("{name}.bn"), shape[0]);
    }

    fn squeeze_and_excitation(&mut self, name: &str, width: usize, squeezed: usize) {
        self.biased_convolution(&format!("{name}.fc1"), [squeezed, width, 1]);
        self.biased_convolution(&format!("{name}.fc2"), [width, squeezed, 1]);
    }
}
