//! What can be chosen for a fine-tuning run, checked before anything is read.

use serde::{Deserialize, Serialize};

use clip_rs_stage::StageError;

/// What of the weights is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// All of them.
    Full,
    /// Adapters of a low rank on frozen matrices (Hu et al. 2021, <https://arxiv.org/abs/2106.09685>).
    Lora {
        /// Rank of the adapters.
        rank: usize,
    },
}

impl Method {
    /// Highest learning rate, where none is asked for: what suits the compact model. A large CLIP that has seen
    /// hundreds of millions of pictures wants about a thirtieth of it.
    pub fn usual_rate(self) -> f64 {
        match self {
            Self::Full => 3e-4,
            Self::Lora { .. } => 2e-3,
        }
    }
}

/// Which towers are trained; the other stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Towers {
    /// Text and image tower.
    Both,
    /// The text tower.
    Text,
    /// The image tower.
    Image,
}

impl Towers {
    /// Whether the text tower is trained.
    pub fn text(self) -> bool {
        self != Self::Image
    }

    /// Whether the image tower is trained.
    pub fn image(self) -> bool {
        self != Self::Text
    }
}

/// How a run goes. The same settings, data and seed give the same weights on the same processor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// What is trained.
    pub method: Method,
    /// Which towers.
    pub towers: Towers,
    /// Times that every picture is seen, at most.
    pub epochs: usize,
    /// Pictures that go through the towers together.
    pub batch: usize,
    /// Batches that make one step. Every picture is told apart from the texts of all of them, so this gives what
    /// one large batch gives, in the memory of a small one, for a second pass through the towers.
    pub accumulate: usize,
    /// Highest learning rate.
    pub rate: f64,
    /// Share of the steps in which the rate rises from zero, 0 to 1.
    pub warm_up: f64,
    /// Epochs without a better validation after which the run ends.
    pub patience: usize,
    /// Share of the original weights in the result, 0 to 1, against forgetting. Half and half is what the paper on it
    /// (WiSE-FT, <https://arxiv.org/abs/2109.01903>) recommends where nothing is known of what should be kept.
    pub keep: f64,
    /// Decides order, captions, changes of pictures and held-out pictures.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        let method = Method::Full;
        Self {
            method,
            towers: Towers::Both,
            epochs: 6,
            batch: 64,
            accumulate: 1,
            rate: method.usual_rate(),
            warm_up: 0.1,
            patience: 3,
            keep: 0.5,
            seed: 1,
        }
    }
}

impl Settings {
    /// Refuses what cannot work, by the name of the setting.
    pub fn check(&self) -> Result<(), StageError> {
        let rank = match self.method {
            Method::Full => 1,
            Method::Lora { rank } => rank,
        };
        for (name, value, least, most) in [
            ("rank", rank, 1, 4096),
            ("epochs", self.epochs, 1, 10_000),
            ("batch", self.batch, 2, 65_536),
            ("accumulate", self.accumulate, 1, 4096),
            ("patience", self.patience, 1, 10_000),
        ] {
            if !(least..=most).contains(&value) {
                return Err(StageError::Request(format!("--{name} is {value}, expected {least} to {most}")));
            }
        }
        for (name, value, least, most) in [
            ("rate", self.rate, 1e-9, 1.0),
            ("warm-up", self.warm_up, 0.0, 1.0),
            ("keep", self.keep, 0.0, 1.0),
        ] {
            if !(least..=most).contains(&value) {
                return Err(StageError::Request(format!("--{name} is {value}, expected {least} to {most}")));
            }
        }
        Ok(())
    }

    /// Pictures of a step.
    pub fn pictures_a_step(&self) -> usize {
        self.batch.saturating_mul(self.accumulate)
    }
}
