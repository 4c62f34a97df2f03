//! Imagery to catalog: embed, locate, index, publish.

mod assemble;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clip_rs_catalog::{Bounds, CatalogError, Item, ItemId, Listing, LngLat, TileId};

use crate::embed::{self, Embedded};
use crate::embeddings::EmbeddingStore;
use clip_rs_imagery::{About, Picture, Pyramid};
use clip_rs_locate::{AddressBook, Places, Positions};
use clip_rs_stage::progress::Progress;
use clip_rs_stage::{StageError, files};
use clip_rs_training::model::Package;

use crate::publish;

/// What to index, and where to.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// A pyramid of tiles or a sample area; either this or `images`.
    pub tiles: Option<PathBuf>,
    /// A folder of pictures.
    pub images: Option<PathBuf>,
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

/// What was indexed.
#[derive(Debug)]
pub struct Indexed {
    /// Items in the catalog.
    pub items: usize,
    /// Vectors computed in this run; the rest were kept from an earlier one.
    pub computed: usize,
    /// Pictures that could not be read, with the reason.
    pub skipped: Vec<(PathBuf, String)>,
    /// Things a person may want to know, a sentence each.
    pub notes: Vec<String>,
}

/// Makes or updates the catalog in `request.out`.
pub fn index(request: &Request) -> Result<Indexed, StageError> {
    publish::check_target(&request.out)?;
    let model = Package::read(&request.model)?;
    let mut imagery = Imagery::read(request)?;
    let addresses = request.addresses.as_ref().or(imagery.about.addresses.as_ref());
    let areas = imagery.areas();
    let addresses =
        addresses.map(|path| AddressBook::read(path, &areas, AddressBook::REACH_M)).transpose()?;
    let addresses = addresses.map(|(book, report)| {
        imagery.notes.extend(report.notes());
        book
    });

    let outcome = {
        let encoder = model.image_encoder()?;
        let probe = embed::probe(&encoder).map_err(StageError::engine(request.model.display()))?;
        let work = request.work.clone().map_or_else(|| files::beside(&request.out, "work"), Ok)?;
        let mut store = EmbeddingStore::open(&work, &model.image_digest(), probe.as_slice())?;
        embed::embed(std::mem::take(&mut imagery.pictures), &encoder, &mut store)?
    };
    let mut listing = Listing::default();
    for Embedded { picture, listed, .. } in &outcome.kept {
        listing.insert(&picture.listed, *listed)?;
    }
    let items = locate(&outcome.kept, &imagery.positions, addresses.as_ref())?;
    let publication = assemble::assemble(request, &model, &imagery, listing, items, &outcome.kept)?;
    publish::publish(&request.out, &publication)?;
    Ok(Indexed {
        items: publication.manifest.count(),
        computed: outcome.computed,
        skipped: outcome.skipped,
        notes: imagery.notes,
    })
}

/// What a request's source holds.
struct Imagery {
    pictures: Vec<Picture>,
    positions: HashMap<String, LngLat>,
    pyramid: Option<Pyramid>,
    tile_size: u32,
    about: About,
    name: String,
    notes: Vec<String>,
}

impl Imagery {
    /// Where the pictures are: addresses are wanted there only.
    fn areas(&self) -> Vec<Bounds> {
        let of_picture = |picture: &Picture| {
            let at = self.positions.get(&picture.listed).copied().map(Bounds::from);
            at.or_else(|| Item::new(picture.item.clone()?).footprint)
        };
        self.pictures.iter().filter_map(of_picture).collect()
    }

    fn read(request: &Request) -> Result<Self, StageError> {
        match (&request.tiles, &request.images) {
            (Some(tiles), None) if request.locations.is_none() => Self::tiles(tiles),
            (Some(_), None) => {
                Err(StageError::Request("--locations goes with --images: tiles know where they are".into()))
            }
            (None, Some(images)) => Self::images(images, request.locations.as_deref()),
            _ => Err(StageError::Request("give either --tiles or --images".into())),
        }
    }

    fn tiles(folder: &Path) -> Result<Self, StageError> {
        let mut pyramid = clip_rs_imagery::read_tiles(folder)?;
        let mut notes = Vec::new();
        if let Some(first) = pyramid.strangers.first() {
            notes.push(format!(
                "{} files are no tiles and are left out, such as {first}",
                pyramid.strangers.len()
            ));
        }
        Ok(Self {
            pictures: std::mem::take(&mut pyramid.pictures),
            positions: HashMap::new(),
            about: pyramid.about.clone(),
            pyramid: Some(pyramid),
            tile_size: 0,
            name: name_of(folder),
            notes,
        }
        .with_tile_size())
    }

    fn with_tile_size(mut self) -> Self {
        let size = |picture: &Picture| image::image_dimensions(&picture.source).ok();
        // The first tile that can be read speaks for all.
        self.tile_size = self.pictures.iter().find_map(size).map_or(256, |(width, _)| width);
        self
    }

    fn images(folder: &Path, locations: Option<&Path>) -> Result<Self, StageError> {
        let table = locations.map(Positions::read).transpose()?;
        let (mut pictures, paths): (Vec<Picture>, Vec<String>) =
            clip_rs_imagery::read_pictures(folder)?.into_iter().unzip();
        let mut positions = HashMap::new();
        let mut notes = Vec::new();
        if let Some((table, report)) = &table {
            let assignment = table.assign(&paths);
            for (picture, at) in pictures.iter().zip(&assignment.at) {
                positions.extend(at.map(|at| (picture.listed.clone(), at)));
            }
            let found = positions.len();
            notes.push(format!(
                "{found} of {} pictures have a position ({} in the table)",
                pictures.len(),
                table.len()
            ));
            notes.extend(report.notes());
            notes.extend(assignment.notes());
        }
        // Neighbours on the ground become neighbours in the file; what has no position comes last.
        let key = |picture: &Picture| {
            let at = positions.get(&picture.listed);
            at.and_then(|at| TileId::from_lng_lat(*at, TileId::MAX_ZOOM).ok())
                .map_or(u64::MAX, TileId::quadkey)
        };
        pictures.sort_by_cached_key(|picture| (key(picture), picture.listed.clone()));
        let about = About::default();
        Ok(Self { pictures, positions, pyramid: None, tile_size: 0, about, name: name_of(folder), notes })
    }
}

fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    whole.file_name().map_or_else(|| "catalog".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The items with all that can be said of where they are, in the order of the pictures.
fn locate(
    kept: &[Embedded],
    positions: &HashMap<String, LngLat>,
    addresses: Option<&AddressBook>,
) -> Result<Vec<Item>, CatalogError> {
    let ids: Vec<(&Picture, ItemId)> =
        kept.iter().filter_map(|e| Some((&e.picture, e.picture.item.clone()?))).collect();
    let progress = Progress::start("Naming places", ids.len());
    let places = Places::load();
    let mut items = Vec::with_capacity(ids.len());
    for (picture, id) in ids {
        let mut item = Item::new(id);
        if let Some(at) = positions.get(&picture.listed) {
            item.footprint = Some(Bounds::from(*at));
        }
        if let Some(centre) = item.centre() {
            item.place = places.near(centre);
            item.address = addresses.and_then(|book| book.nearest(centre)).map(|(text, _)| text);
        }
        items.push(item);
        progress.advance(1);
    }
    progress.finish();
    Ok(items)
}
