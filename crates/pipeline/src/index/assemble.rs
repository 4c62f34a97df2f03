//! The items and their vectors become the shards of a catalog, and all of it a manifest.

use std::collections::HashMap;

use clip_rs_catalog::{
    Bounds, Detail, Details, ItemId, ItemsBuilder, LngLat, Manifest, ModelRef, PictureSet, Shard, TileSet,
};
use clip_rs_search::index::IndexParams;
use clip_rs_search::{Embedding, Index};

use super::Request;
use super::listing::Imagery;
use super::survey::Survey;
use crate::embed::Kept;
use crate::embeddings::EmbeddingStore;
use crate::publish::Edition;
use clip_rs_imagery::EntryId;
use clip_rs_locate::{AddressBook, PLACES_CREDIT, Places};
use clip_rs_stage::StageError;
use clip_rs_stage::progress::Progress;
use clip_rs_training::model::Package;

/// Items of a shard at most: what a browser loads as one.
const SHARD_ITEMS: usize = 50_000;
/// Items of a page of details.
const PAGE_ROWS: usize = 4096;
/// Queries offered to a person who does not know yet what to ask, where the imagery names none.
const EXAMPLES: [&str; 10] = [
    "baseball field",
    "storage tanks",
    "parked airplanes",
    "a river with a bridge",
    "solar panels",
    "golf course",
    "swimming pools",
    "boats in a marina",
    "a running track",
    "dense forest",
];

/// Says where items are.
pub struct Locator<'a> {
    /// Names of places.
    pub places: Places,
    /// Street addresses.
    pub addresses: Option<AddressBook>,
    /// Positions of pictures by the source's names for them.
    pub positions: &'a HashMap<String, LngLat>,
}

impl Locator<'_> {
    /// What an item covers on the ground, as far as that is known.
    fn footprint(&self, kept: &Kept<'_>) -> Option<Bounds> {
        let table = match &kept.wanted.entry.id {
            EntryId::Picture(path) => self.positions.get(path).map(|at| Bounds::from(*at)),
            EntryId::Tile(_) => None,
        };
        table.or(kept.wanted.entry.bounds())
    }

    fn detail(&self, kept: &Kept<'_>) -> Detail {
        let centre = self.footprint(kept).map(|footprint| footprint.centre());
        let address = centre.and_then(|at| self.addresses.as_ref()?.nearest(at));
        Detail {
            place: centre.and_then(|at| self.places.near(at)),
            address: address.map(|(text, _)| text.to_owned()),
            address_m: address.map(|(_, metres)| metres.round() as u32),
            captured: kept.wanted.entry.captured,
            source: None,
        }
    }
}

/// What the shards are made with.
pub struct Workshop<'a> {
    /// Where the vectors are.
    pub store: &'a mut EmbeddingStore,
    /// Where items lie.
    pub locator: &'a Locator<'a>,
    /// The catalog that is being written.
    pub edition: &'a mut Edition,
}

/// Writes the model and all shards, and says what the manifest says. `items` are what is searched, in their order.
pub fn assemble(
    request: &Request,
    model: &Package,
    survey: &Survey,
    imagery: Imagery,
    items: &[&Kept<'_>],
    workshop: &mut Workshop<'_>,
) -> Result<Manifest, StageError> {
    let model_ref = workshop.model(model)?;
    let progress = Progress::start("Building the index", items.len());
    let mut shards = Vec::new();
    let mut with_places = false;
    for items in items.chunks(SHARD_ITEMS) {
        shards.push(workshop.shard(items, &mut with_places)?);
        progress.advance(items.len());
    }
    progress.finish();
    let about = &survey.inventory().about;
    let given = |asked: &Option<String>, told: &Option<String>| asked.clone().or_else(|| told.clone());
    let title = given(&request.title, &about.title).unwrap_or_else(|| survey.name.clone());
    let mut attribution = given(&request.attribution, &about.attribution).unwrap_or_default();
    if with_places {
        let separator = if attribution.is_empty() { "" } else { " · " };
        attribution = format!("{attribution}{separator}{PLACES_CREDIT}");
    }
    let examples =
        if about.examples.is_empty() { EXAMPLES.map(str::to_owned).to_vec() } else { about.examples.clone() };
    let (tiles, pictures): (Option<TileSet>, Option<PictureSet>) = match imagery {
        Imagery::Tiles(tiles) => (Some(tiles), None),
        Imagery::Pictures(pictures) => (None, Some(pictures)),
    };
    Ok(Manifest {
        format: 2,
        id: request.id.clone().unwrap_or_else(|| plain_id(&title)),
        attribution,
        licence: given(&request.licence, &about.licence).unwrap_or_else(|| "not stated".to_owned()),
        title,
        synthetic: about.synthetic,
        bounds: Bounds::around(shards.iter().filter_map(|shard| shard.bounds)),
        tiles,
        pictures,
        model: model_ref,
        shards,
        files: workshop.edition.files(),
        examples,
        digest: String::new(),
    })
}

impl Workshop<'_> {
    fn model(&mut self, model: &Package) -> Result<ModelRef, StageError> {
        Ok(ModelRef {
            name: model.config.name.clone(),
            embed_dim: model.config.embed_dim,
            config: self.edition.add(&model.config_json, "model", "json")?,
            text: self.edition.add(&model.text, "text", "gguf")?,
            image: self.edition.add(&model.image, "image", "gguf")?,
            tokenizer: self.edition.add(&model.vocabulary, "vocabulary", "txt")?,
        })
    }

    /// Writes a shard's index, items and details; notes whether any item has the name of a place.
    fn shard(&mut self, items: &[&Kept<'_>], with_places: &mut bool) -> Result<Shard, StageError> {
        let vectors = self.vectors(items)?;
        let index = Index::build(&vectors, IndexParams::default());
        let index = index.map_err(StageError::engine("building the index"))?.to_bytes();
        let dim = vectors.first().map_or(0, |vector| vector.dim());
        let mean = |at: usize| {
            vectors.iter().map(|vector| vector.as_slice()[at]).sum::<f32>() / vectors.len() as f32
        };
        let centroid = (0..dim).map(mean).collect();
        drop(vectors);
        let mut builder = ItemsBuilder::default();
        let mut boxes = Vec::with_capacity(items.len());
        let mut details = Vec::new();
        for page in items.chunks(PAGE_ROWS) {
            for kept in page {
                let footprint = self.locator.footprint(kept);
                builder.push(&item_id(kept), footprint)?;
                boxes.extend(footprint);
            }
            let page: Vec<Detail> = page.iter().map(|kept| self.locator.detail(kept)).collect();
            *with_places |= page.iter().any(|detail| detail.place.is_some());
            details.push(self.edition.add(&Details::new(&page)?.to_bytes()?, "details", "bin")?);
        }
        Ok(Shard {
            count: items.len(),
            bounds: Bounds::around(boxes),
            centroid,
            index: self.edition.add(&index, "index", "bin")?,
            items: self.edition.add(&builder.build().to_bytes()?, "items", "bin")?,
            details,
            page_rows: PAGE_ROWS,
        })
    }

    fn vectors(&mut self, items: &[&Kept<'_>]) -> Result<Vec<Embedding>, StageError> {
        let mut vectors = Vec::with_capacity(items.len());
        for kept in items {
            let vector = self.store.get(&kept.key)?;
            vectors.push(vector.ok_or_else(|| {
                StageError::Request(format!("{} was not embedded; run again", kept.wanted.entry.id))
            })?);
        }
        Ok(vectors)
    }
}

fn item_id(kept: &Kept<'_>) -> ItemId {
    match (&kept.wanted.entry.id, &kept.wanted.name) {
        (EntryId::Tile(tile), _) => ItemId::from(*tile),
        (EntryId::Picture(_), Some(name)) => ItemId::picture(name.as_str()),
        (EntryId::Picture(path), None) => ItemId::picture(path.as_str()),
    }
}

/// The title as letters, digits and dashes.
fn plain_id(title: &str) -> String {
    let dashed: String =
        title.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let words: Vec<&str> = dashed.split('-').filter(|word| !word.is_empty()).collect();
    let id: String = words.join("-").chars().take(64).collect();
    if id.is_empty() { "catalog".to_owned() } else { id }
}
