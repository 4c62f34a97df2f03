//! Published checkpoints that are known to fit, by the names that `clip-rs model pull` takes.

use clip_rs_search::model::Activation;

use clip_rs_stage::StageError;

/// A checkpoint on a model hub.
#[derive(Debug)]
pub struct Preset {
    /// What to call it here.
    pub name: &'static str,
    /// Repository on the hub.
    pub repository: &'static str,
    /// What people should know before they fetch it.
    pub about: &'static str,
    /// About how much there is to download, megabytes.
    pub megabytes: u32,
    /// Licence of the weights, as far as it is known for certain.
    pub licence: &'static str,
    pub(super) layout: Layout,
}

/// What to fetch from a repository.
#[derive(Debug)]
pub(super) enum Layout {
    /// A folder: of what describes the model the first has to be there, the others are fetched where there are; of the
    /// weights the first that there is.
    Folder { described: &'static [&'static str], weights: &'static [&'static str] },
    /// One file with a state dict, at the first of these places where there is one.
    StateDict { files: &'static [&'static str], activation: Activation },
}

const SEE_PAGE: &str = "see the model's page";

/// Weights in a Hugging Face folder, the better kind first. Models so large that they come in shards have no preset.
const WEIGHTS: [&str; 2] = ["model.safetensors", "pytorch_model.bin"];
/// A `CLIPModel`'s folder.
const CLIP: Layout = Layout::Folder {
    described: &["config.json", "preprocessor_config.json", "vocab.json", "merges.txt"],
    weights: &WEIGHTS,
};
/// The folder of a model with a tokenizer of its own.
const OTHER: Layout = Layout::Folder {
    described: &[
        "config.json",
        "preprocessor_config.json",
        "tokenizer_config.json",
        "tokenizer.json",
        "spiece.model",
        "vocab.txt",
    ],
    weights: &WEIGHTS,
};
/// A folder as open_clip describes it.
const OPEN_CLIP: Layout = Layout::Folder {
    described: &["open_clip_config.json"],
    weights: &["open_clip_model.safetensors", "open_clip_pytorch_model.bin"],
};

/// The checkpoints, the smaller ones first.
pub const PRESETS: [Preset; 15] = [
    Preset {
        name: "mobileclip2-s0",
        repository: "timm/MobileCLIP2-S0-OpenCLIP",
        about: "MobileCLIP 2 S0: photographs of everything, a small tower for pictures",
        megabytes: 300,
        licence: SEE_PAGE,
        layout: OPEN_CLIP,
    },
    Preset {
        name: "mobileclip2-s2",
        repository: "timm/MobileCLIP2-S2-OpenCLIP",
        about: "MobileCLIP 2 S2: photographs of everything",
        megabytes: 400,
        licence: SEE_PAGE,
        layout: OPEN_CLIP,
    },
    Preset {
        name: "remoteclip-rn50",
        repository: "chendelong/RemoteCLIP",
        about: "RemoteCLIP RN50 for remote sensing, with a residual network for pictures",
        megabytes: 408,
        licence: SEE_PAGE,
        layout: Layout::StateDict { files: &["RemoteCLIP-RN50.pt"], activation: Activation::Gelu },
    },
    Preset {
        name: "clip-vit-base-patch32",
        repository: "openai/clip-vit-base-patch32",
        about: "OpenAI CLIP ViT-B/32: photographs of everything, the baseline",
        megabytes: 606,
        licence: SEE_PAGE,
        layout: CLIP,
    },
    Preset {
        name: "clip-vit-b-32-laion2b",
        repository: "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
        about: "open_clip ViT-B/32 trained on LAION-2B",
        megabytes: 606,
        licence: "MIT",
        layout: CLIP,
    },
    Preset {
        name: "clip-rsicd-v2",
        repository: "flax-community/clip-rsicd-v2",
        about: "OpenAI CLIP ViT-B/32 fine-tuned on aerial pictures with captions (RSICD and others)",
        megabytes: 606,
        licence: SEE_PAGE,
        layout: CLIP,
    },
    Preset {
        name: "remoteclip-vit-b-32",
        repository: "chendelong/RemoteCLIP",
        about: "RemoteCLIP ViT-B/32 for remote sensing",
        megabytes: 605,
        licence: SEE_PAGE,
        layout: Layout::StateDict { files: &["RemoteCLIP-ViT-B-32.pt"], activation: Activation::Gelu },
    },
    Preset {
        name: "georsclip-vit-b-32",
        repository: "Zilun/GeoRSCLIP",
        about: "GeoRSCLIP ViT-B/32 for remote sensing, trained on RS5M",
        megabytes: 605,
        licence: SEE_PAGE,
        layout: Layout::StateDict {
            files: &["ckpt/RS5M_ViT-B-32.pt", "RS5M_ViT-B-32.pt"],
            activation: Activation::QuickGelu,
        },
    },
    Preset {
        name: "chinese-clip-vit-base-patch16",
        repository: "OFA-Sys/chinese-clip-vit-base-patch16",
        about: "Chinese-CLIP ViT-B/16: photographs of everything, texts in Chinese",
        megabytes: 753,
        licence: SEE_PAGE,
        layout: OTHER,
    },
    Preset {
        name: "git-rsclip-base",
        repository: "lcybuaa/Git-RSCLIP-base",
        about: "Git-RSCLIP, a SigLIP ViT-B/16 for remote sensing, trained on Git-10M",
        megabytes: 813,
        licence: SEE_PAGE,
        layout: OTHER,
    },
    Preset {
        name: "siglip-base-patch16-224",
        repository: "google/siglip-base-patch16-224",
        about: "SigLIP ViT-B/16: photographs of everything",
        megabytes: 813,
        licence: "Apache-2.0",
        layout: OTHER,
    },
    Preset {
        name: "siglip2-base-patch16-224",
        repository: "google/siglip2-base-patch16-224",
        about: "SigLIP 2 ViT-B/16: photographs of everything, texts in many languages",
        megabytes: 1501,
        licence: "Apache-2.0",
        layout: OTHER,
    },
    Preset {
        name: "git-rsclip",
        repository: "lcybuaa/Git-RSCLIP",
        about: "Git-RSCLIP, a SigLIP ViT-L/16 for remote sensing, trained on Git-10M",
        megabytes: 2610,
        licence: SEE_PAGE,
        layout: OTHER,
    },
    Preset {
        name: "clip-vit-large-patch14",
        repository: "openai/clip-vit-large-patch14",
        about: "OpenAI CLIP ViT-L/14",
        megabytes: 1711,
        licence: SEE_PAGE,
        layout: CLIP,
    },
    Preset {
        name: "remoteclip-vit-l-14",
        repository: "chendelong/RemoteCLIP",
        about: "RemoteCLIP ViT-L/14 for remote sensing",
        megabytes: 1711,
        licence: SEE_PAGE,
        layout: Layout::StateDict { files: &["RemoteCLIP-ViT-L-14.pt"], activation: Activation::Gelu },
    },
];

impl Preset {
    /// The preset of that name.
    pub fn named(name: &str) -> Result<&'static Self, StageError> {
        PRESETS.iter().find(|preset| preset.name == name).ok_or_else(|| {
            let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
            StageError::Request(format!("no model is called {name:?}; there are {}", names.join(", ")))
        })
    }
}
