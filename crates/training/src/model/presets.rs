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
    /// A Hugging Face folder: its description and tokenizer, and the better kind of weights that it has.
    HuggingFace,
    /// One file with a state dict, at the first of these places where there is one.
    StateDict { files: &'static [&'static str], activation: Activation },
}

const SEE_PAGE: &str = "see the model's page";

/// The checkpoints, the smaller ones first.
pub const PRESETS: [Preset; 7] = [
    Preset {
        name: "clip-vit-base-patch32",
        repository: "openai/clip-vit-base-patch32",
        about: "OpenAI CLIP ViT-B/32: photographs of everything, the baseline",
        megabytes: 606,
        licence: SEE_PAGE,
        layout: Layout::HuggingFace,
    },
    Preset {
        name: "clip-vit-b-32-laion2b",
        repository: "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
        about: "open_clip ViT-B/32 trained on LAION-2B",
        megabytes: 606,
        licence: "MIT",
        layout: Layout::HuggingFace,
    },
    Preset {
        name: "clip-rsicd-v2",
        repository: "flax-community/clip-rsicd-v2",
        about: "OpenAI CLIP ViT-B/32 fine-tuned on aerial pictures with captions (RSICD and others)",
        megabytes: 606,
        licence: SEE_PAGE,
        layout: Layout::HuggingFace,
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
        name: "clip-vit-large-patch14",
        repository: "openai/clip-vit-large-patch14",
        about: "OpenAI CLIP ViT-L/14",
        megabytes: 1711,
        licence: SEE_PAGE,
        layout: Layout::HuggingFace,
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
