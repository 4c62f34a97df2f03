//! Imagery to catalog: embed, locate, index, publish.

mod assemble;
mod cells;
mod checks;
mod listing;
mod names;
mod survey;

use std::path::PathBuf;
use std::sync::Arc;

use crate::cut::crops::Cutting;
use crate::cut::made::Made;
use crate::cut::plan::Plan;
use crate::embed::pictures::Treatment;
use crate::embed::{self, Catalog, Outcome, Shown, Tools};
use crate::embeddings::EmbeddingStore;
use crate::given::Given;
use crate::prune::{GRACE, prune};
use crate::publish::{Edition, check_target};
use clip_rs_catalog::Date;
use clip_rs_imagery::decode::Decoder;
use clip_rs_imagery::{Scheme, Skipped};
use clip_rs_locate::Places;
use clip_rs_package::{Package, Processor};
use clip_rs_search::model::ImageTower;
use clip_rs_stage::progress::say;
use clip_rs_stage::{StageError, files};

pub use cells::{Divider, HasCells, overview};

use assemble::{Locator, Workshop};
pub(crate) use survey::Survey;

/// What to index, and where to.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Map tiles, or a sample area; either these or `images`.
    pub tiles: Vec<PathBuf>,
    /// Pictures that are no tiles.
    pub images: Vec<PathBuf>,
    /// How the rows of tiles are counted, where the source does not say it.
    pub scheme: Option<Scheme>,
    /// Ground resolutions of windows, metres a pixel as the model sees them; tiles and pictures as they are belong to the
    /// items in any case. Without any, tiles have no windows, and large pictures have some of six tenths of their shorter
    /// side.
    pub scales: Vec<f64>,
    /// Leaves pictures that are no tiles out of the catalog, but for their thumbnails.
    pub no_originals: bool,
    /// Table with positions of the pictures.
    pub locations: Option<PathBuf>,
    /// Table of address points; a sample area brings its own.
    pub addresses: Option<PathBuf>,
    /// Embeddings made elsewhere, in the place of those that the model would make; what has none is left out.
    pub given: Option<Arc<Given>>,
    /// How far the nearest address may be, metres; the usual distance if absent.
    pub address_distance_m: Option<f64>,
    /// The day of items whose source tells none.
    pub captured: Option<Date>,
    /// Memory that decoding may take, bytes; a part of the machine's if absent.
    pub memory_bytes: Option<u64>,
    /// Whether the catalog has cells.
    pub cells: HasCells,
    /// Who divides items into cells; this process if absent.
    pub divider: Option<Arc<dyn Divider>>,
    /// What pictures are embedded on.
    pub processor: Processor,
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
    pub fn work(&self) -> Result<PathBuf, StageError> {
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
    /// Tiles on the map, or pictures, with those that are not searched.
    pub shown: usize,
    /// Tiles that are on the map and not searched, because there is nothing on them.
    pub empty: usize,
    /// Items that look the same as an earlier one.
    pub duplicates: usize,
    /// Pictures that could not be read, with the reason.
    pub skipped: Vec<Skipped>,
    /// Things a person may want to know, a sentence each.
    pub notes: Vec<String>,
}

/// Makes or updates the catalog in `request.out`.
pub fn index(request: &Request) -> Result<Indexed, StageError> {
    checks::check(request)?;
    check_target(&request.out)?;
    let model = Package::read(&request.model)?;
    let concepts = model.text_encoder()?.concepts().cloned();
    let survey = Survey::of(request)?;

    let encoder = match &request.given {
        Some(given) => given.tower(&model.config)?,
        None => model.image_encoder_on(request.processor)?,
    };
    let probe = embed::probe(&*encoder).map_err(StageError::engine(request.model.display()))?;
    let plan = Plan::new(survey.inventory(), encoder.config().image_size, &request.scales)?;
    if let (Some(given), Some(plan)) = (&request.given, &plan) {
        // A table of other imagery is found out before all pictures are read.
        given.fit(&plan.squares.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    }
    let (addresses, of_addresses) = survey.read_addresses(request, plan.as_ref())?;
    let maker = if request.given.is_some() { Given::kept_as() } else { model.image_digest() };
    let mut store = EmbeddingStore::open(&request.work()?, &maker, probe.as_slice())?;
    let made = Made::open(&request.work()?)?;
    let decoder = request.memory_bytes.map_or_else(Decoder::for_this_machine, Decoder::new);
    let mut edition = Edition::begin(&request.out, survey.stem)?;
    let source = survey.source.as_ref();
    let catalog = Some(Catalog { edition: &edition, made: &made });
    let tools = Tools { source, decoder: &decoder, encoder: &*encoder, catalog };
    let outcome = match &plan {
        Some(plan) => {
            plan.told.iter().for_each(|told| say(told));
            embed::tiles::embed(&tools, plan, &mut store)?
        }
        None => {
            embed::pictures::embed(&tools, survey.pictures(), &treatment(request, &*encoder), &mut store)?
        }
    };
    drop(encoder);
    made.shrink()?;
    let Outcome { items, mut shown, skipped: unreadable, computed, empty, notes } = outcome;
    if items.is_empty() {
        return Err(nothing_searched(&unreadable, empty));
    }
    let has_cells = request.cells.decide(items.len(), model.config.embed_dim);
    let imagery = listing::write(&mut edition, &mut shown, has_cells)?;
    let pictures = match &shown {
        Shown::Tiles { .. } => &[],
        Shown::Pictures(pictures) => pictures.as_slice(),
    };
    let pyramid = plan.map(|plan| plan.pyramid);
    let captured = request.captured;
    let locator = Locator { places: Places::load(), addresses, survey: &survey, pyramid, pictures, captured };
    let (items, nameless, of_given) = match request.given.as_deref() {
        Some(given) => {
            let (items, nameless, said) = locator.with_given(items, given)?;
            (items, nameless, Some(said))
        }
        None => (items, Vec::new(), None),
    };
    let mut workshop = Workshop {
        store: &store,
        given: request.given.as_deref(),
        locator: &locator,
        concepts: concepts.as_ref(),
        has_cells,
        edition: &mut edition,
        duplicates: 0,
        captured: None,
    };
    let manifest = assemble::assemble(request, &model, &survey, imagery, &items, &mut workshop)?;
    let duplicates = workshop.duplicates;
    let mut notes: Vec<String> =
        survey.notes().into_iter().chain(of_addresses).chain(of_given).chain(notes).collect();
    notes.extend(edition.finish(&manifest)?.then(superseded_note));
    prune(&request.out, GRACE)?;
    let skipped = survey.inventory().skipped.iter().cloned().chain(unreadable).chain(nameless).collect();
    let shown = match &shown {
        Shown::Tiles { listed, .. } => listed.len(),
        Shown::Pictures(pictures) => pictures.len(),
    };
    // Pictures that are only looked at are not embedded.
    let computed = if request.given.is_some() { 0 } else { computed };
    Ok(Indexed { items: manifest.count(), computed, shown, empty, duplicates, skipped, notes })
}

/// How the request's pictures are treated that are no tiles.
pub(crate) fn treatment(request: &Request, encoder: &dyn ImageTower) -> Treatment {
    let cutting = Cutting { scales: request.scales.clone(), input: encoder.config().image_size };
    Treatment { cutting, originals: !request.no_originals }
}

/// Why there is no catalog without items.
fn nothing_searched(skipped: &[Skipped], empty: usize) -> StageError {
    let first = skipped.first().map(|skipped| format!("; the first is {}: {}", skipped.subject, skipped.why));
    let why = match (empty, first) {
        (0, first) => format!("no picture can be read{}", first.unwrap_or_default()),
        (_, None) => format!("there is nothing to search: {empty} tiles have one colour or no data"),
        (_, Some(first)) => format!(
            "there is nothing to search: {empty} tiles have one colour or no data, and {} cannot be read{first}",
            skipped.len()
        ),
    };
    StageError::Request(why)
}

fn superseded_note() -> String {
    let days = GRACE.as_secs() / (24 * 60 * 60);
    format!(
        "the files of the catalog that was there stay for {days} days, for those who still read them; `clip-rs prune` removes them"
    )
}
