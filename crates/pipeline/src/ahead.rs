//! Embedding without a catalog: a part of what a run of `index` would embed, in whichever process. What is seen is handed
//! to the run that makes the catalog, which then finds it known and computes nothing twice.

use clip_rs_catalog::{Digest, Digester};
use clip_rs_imagery::decode::Decoder;
use clip_rs_package::Package;
use clip_rs_search::Embedding;
use clip_rs_search::model::ImageTower;
use clip_rs_stage::StageError;

use crate::cut::plan::Plan;
use crate::embed::pictures::{Treatment, Wanted};
use crate::embed::{self, Tools};
use crate::embeddings::{EmbeddingStore, Fresh, Seen};
use crate::index::{Request, Survey, treatment};

/// What a request would embed, looked through without reading pixels.
pub struct Ahead<'a> {
    request: &'a Request,
    survey: &'a Survey,
    encoder: &'a dyn ImageTower,
    model: Digest,
    probe: Embedding,
    decoder: Decoder,
    parts: Parts<'a>,
}

/// What is embedded one by one.
enum Parts<'a> {
    /// Tiles and their windows.
    Tiles(Plan<'a>),
    /// Pictures, each with its windows.
    Pictures(Vec<Wanted<'a>>, Treatment),
}

/// Looks through the imagery of `request`, and lets `work` embed of it what it wants to.
pub fn with<T, E: From<StageError>>(
    request: &Request,
    work: impl FnOnce(&Ahead<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let model = Package::read(&request.model)?;
    let encoder = model.image_encoder_on(request.processor)?;
    let survey = Survey::of(request)?;
    let probe = embed::probe(&*encoder).map_err(StageError::engine(request.model.display()))?;
    let parts = match Plan::new(survey.inventory(), encoder.config().image_size, &request.scales)? {
        Some(plan) => Parts::Tiles(plan),
        None => Parts::Pictures(survey.pictures(), treatment(request, &*encoder)),
    };
    let decoder = request.memory_bytes.map_or_else(Decoder::for_this_machine, Decoder::new);
    let (survey, encoder) = (&survey, &*encoder);
    work(&Ahead { request, survey, encoder, model: model.image_digest(), probe, decoder, parts })
}

impl Ahead<'_> {
    /// Number of tiles and windows, or of pictures.
    pub fn len(&self) -> usize {
        match &self.parts {
            Parts::Tiles(plan) => plan.squares.len(),
            Parts::Pictures(wanted, _) => wanted.len(),
        }
    }

    /// Whether there is nothing to embed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the part with this number is called.
    pub fn name(&self, at: usize) -> Option<String> {
        match &self.parts {
            Parts::Tiles(plan) => plan.squares.get(at).map(ToString::to_string),
            Parts::Pictures(wanted, _) => wanted.get(at).map(|wanted| wanted.name.clone()),
        }
    }

    /// A digest of the model and of all names in their order: two processes with the same one number the same parts.
    pub fn fingerprint(&self) -> Digest {
        let mut digest = Digester::default();
        digest.update(self.model.as_bytes());
        for name in (0..self.len()).filter_map(|at| self.name(at)) {
            digest.update(&(name.len() as u64).to_le_bytes());
            digest.update(name.as_bytes());
        }
        digest.finish()
    }

    /// What is to be kept of the parts with these numbers; of one that cannot be read nothing. Reading it again is left
    /// to the run that makes the catalog, which says what it cannot read.
    pub fn embed(&self, numbers: &[usize]) -> Result<Vec<(Digest, Seen)>, StageError> {
        let tools = Tools {
            source: self.survey.source.as_ref(),
            decoder: &self.decoder,
            encoder: self.encoder,
            catalog: None,
        };
        let mut fresh = Fresh::default();
        match &self.parts {
            Parts::Tiles(plan) => {
                let squares = numbers.iter().filter_map(|at| plan.squares.get(*at).copied());
                embed::tiles::embed(&tools, &plan.part(squares.collect()), &mut fresh)?;
            }
            Parts::Pictures(wanted, treatment) => {
                let wanted = numbers.iter().filter_map(|at| wanted.get(*at).cloned()).collect();
                embed::pictures::embed(&tools, wanted, treatment, &mut fresh)?;
            }
        }
        Ok(fresh.0)
    }

    /// The store that a run of the same request finds its vectors in. While it is open no such run can begin.
    pub fn store(&self) -> Result<EmbeddingStore, StageError> {
        EmbeddingStore::open(&self.request.work()?, &self.model, self.probe.as_slice())
    }
}
