//! What the makers of other models publish for RSICD's test split, to be shown beside our figures and apart
//! from them: they were not measured here.

/// A figure as published.
pub(super) struct Published {
    /// The model.
    pub name: &'static str,
    /// What it learned from.
    pub trained: &'static str,
    /// Mean recall, percent: every caption of the test split against every picture of it.
    pub mean_recall: Option<f64>,
    /// Accuracy@1, 0 to 1: 30 classes by their prompts (CLIP-rsicd protocol).
    pub accuracy: Option<f64>,
    /// Who describes the model.
    pub source: &'static str,
}

/// In the order of their mean recall, then of their accuracy.
pub(super) const PUBLISHED: &[Published] = &[
    Published {
        name: ZERO_SHOT,
        trained: "zero-shot: web pictures, no aerial captions",
        mean_recall: Some(15.74),
        accuracy: Some(0.572),
        source: "Radford et al., Learning Transferable Visual Models From Natural Language Supervision, 2021",
    },
    Published {
        name: "AMFMN",
        trained: "RSICD training split",
        mean_recall: Some(16.42),
        accuracy: None,
        source: "Yuan et al., Exploring a Fine-Grained Multiscale Method for Cross-Modal Remote Sensing Image \
                 Retrieval, 2022",
    },
    Published {
        name: "GaLR",
        trained: "RSICD training split",
        mean_recall: Some(18.96),
        accuracy: None,
        source: "Yuan et al., Remote Sensing Cross-Modal Text-Image Retrieval Based on Global and Local \
                 Information, 2022",
    },
    Published {
        name: "SWAN",
        trained: "RSICD training split",
        mean_recall: Some(20.61),
        accuracy: None,
        source: "Pan et al., Reducing Semantic Confusion: Scene-aware Aggregation Network for Remote Sensing \
                 Cross-modal Retrieval, 2023",
    },
    Published {
        name: "PIR",
        trained: "RSICD training split",
        mean_recall: Some(24.46),
        accuracy: None,
        source: "Pan et al., A Prior Instruction Representation Framework for Remote Sensing Image-text \
                 Retrieval, 2023",
    },
    Published {
        name: "GeoRSCLIP",
        trained: "RS5M, 5 million aerial pictures",
        mean_recall: Some(26.06),
        accuracy: None,
        source: "Zhang et al., RS5M and GeoRSCLIP, 2024",
    },
    Published {
        name: "RemoteCLIP",
        trained: "remote-sensing captions, RSICD's training split among them",
        mean_recall: Some(35.26),
        accuracy: None,
        source: "Liu et al., RemoteCLIP: A Vision Language Foundation Model for Remote Sensing, 2024",
    },
    Published {
        name: "GeoRSCLIP-FT",
        trained: "RS5M, then remote-sensing captions, RSICD's training split among them",
        mean_recall: Some(38.87),
        accuracy: None,
        source: "Zhang et al., RS5M and GeoRSCLIP, 2024",
    },
    Published {
        name: "clip-rsicd v1",
        trained: "CLIP ViT-B/32, then RSICD training split",
        mean_recall: None,
        accuracy: Some(0.843),
        source: "Arutiunian et al., the model card of clip-rsicd, 2021",
    },
    Published {
        name: "clip-rsicd v2",
        trained: "CLIP ViT-B/32, then RSICD training split",
        mean_recall: None,
        accuracy: Some(0.883),
        source: "Arutiunian et al., the model card of clip-rsicd-v2, 2021",
    },
];

/// The model without any aerial training, which all others are measured against.
pub(super) const ZERO_SHOT: &str = "CLIP ViT-B/32";

/// Pictures of RSICD's test split.
const RSICD_TEST_PICTURES: usize = 1_093;

/// Whether figures of this data may stand beside published ones.
pub(super) fn comparable(dataset: Option<&str>, split: Option<&str>, pictures: usize) -> bool {
    let rsicd = dataset.is_some_and(|name| name.eq_ignore_ascii_case("rsicd"));
    rsicd && split == Some("test") && pictures == RSICD_TEST_PICTURES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_test_split_of_rsicd_compares() {
        assert!(comparable(Some("RSICD"), Some("test"), 1_093));
        assert!(!comparable(Some("rsicd"), Some("val"), 1_094));
        assert!(!comparable(Some("rsicd"), Some("test"), 12));
        assert!(!comparable(Some("ucm"), Some("test"), 1_093));
        assert!(!comparable(None, None, 1_093));
    }
}
