//! Imagery to catalog: embed, locate, index, publish.

mod assemble;
mod listing;
mod names;
mod survey;

use std::path::PathBuf;

use crate::embed::{self, Kept};
use crate::embeddings::EmbeddingStore;
use crate::publish::{Edition, check_target};
use clip_rs_imagery::decode::Decoder;
use clip_rs_imagery::{Scheme, Skipped};
use clip_rs_locate::{AddressBook, Places};
use clip_rs_stage::{StageError, files};
use clip_rs_training::model::Package;

use assemble::{Locator, Workshop};
use survey::Survey;

/// What to index, and where to.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Map tiles, or a sample area; either these or `images`.
    pub tiles: Vec<PathBuf>,
    /// Pictures that are no tiles.
    pub images: Vec<PathBuf>,
    /// How the rows of tiles are counted, where the source does not say it.
    pub scheme: Option<Scheme>,
    /// Table with positions of the pictures.
    pub locations: Option<PathBuf>,
    /// Table of address points; a sample area brings its own.
    pub addresses: Option<PathBuf>,
    /// Folder of the model package.
    pub model: PathBuf,
    /// Folder of the catalog.
    pub out: PathBuf,
    /// Folder for what is kept between runs; beside the catalog, called `<catalog>.work`, if absent.
    pub work: Option<PathBuf>,
    /// The area's name.
    pub title: Option<String>,
    /// Who made the imagery.
    pub attribution: Option<String>,
    /// The imagery's licence.
    pub licence: Option<String>,
    /// Short name for links.
    pub id: Option<String>,
}

impl Request {
    /// The folder for what is kept between runs.
    fn work(&self) -> Result<PathBuf, StageError> {
        self.work.clone().map_or_else(|| files::beside(&self.out, "work"), Ok)
    }
}

/// What was indexed.
#[derive(Debug)]
pub struct Indexed {
    /// Items in the catalog.
    pub items: usize,
    /// Vectors computed in this run; the rest were kept from an earlier one.
    pub computed: usize,
    /// Pictures that could not be read, with the reason.
    pub skipped: Vec<Skipped>,
    /// Things a person may want to know, a sentence each.
    pub notes: Vec<String>,
}

/// Makes or updates the catalog in `request.out`.
pub fn index(request: &Request) -> Result<Indexed, StageError> {
    check_target(&request.out)?;
    let model = Package::read(&request.model)?;
    let survey = Survey::of(request)?;
    let addresses = request.addresses.as_ref().or(survey.inventory().about.addresses.as_ref());
    let addresses = addresses.map(|path| AddressBook::read(path)).transpose()?;

    let encoder = model.image_encoder()?;
    let probe = embed::probe(&encoder).map_err(StageError::engine(request.model.display()))?;
    let mut store = EmbeddingStore::open(&request.work()?, &model.image_digest(), probe.as_slice())?;
    let mut edition = Edition::begin(&request.out, survey.stem)?;
    let mut outcome = embed::embed(
        survey.source.as_ref(),
        survey.wanted(),
        &encoder,
        &mut store,
        &edition,
        &Decoder::for_this_machine(),
    )?;
    drop(encoder);

    let locator = Locator { places: Places::load(), addresses, positions: &survey.positions };
    let imagery = listing::write(&mut edition, &survey, &mut outcome.kept)?;
    let searched: Vec<&Kept<'_>> = outcome.kept.iter().filter(|kept| kept.wanted.searched).collect();
    let mut workshop = Workshop { store: &mut store, locator: &locator, edition: &mut edition };
    let manifest = assemble::assemble(request, &model, &survey, imagery, &searched, &mut workshop)?;
    edition.finish(&manifest)?;
    let mut skipped = survey.inventory().skipped.clone();
    skipped.extend(outcome.skipped);
    Ok(Indexed { items: manifest.count(), computed: outcome.computed, skipped, notes: survey.notes() })
}
