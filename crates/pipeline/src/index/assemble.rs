//! The items and their vectors become the shards of a catalog, and all of it a manifest.

use clip_rs_catalog::{
    Bounds, Date, Detail, Details, Digest, ItemId, ItemsBuilder, Manifest, ModelRef, PictureSet, Shard,
    TileSet,
};
use clip_rs_search::index::IndexParams;
use clip_rs_search::model::Concepts;
use clip_rs_search::{Embedding, Index};
use rayon::prelude::*;

use super::Request;
use super::cells::{Divider, Gathered, Here, page_rows};
use super::listing::Imagery;
use super::survey::Survey;
use crate::cut::duplicates::duplicates;
use crate::cut::item::{Item, What};
use crate::cut::look::Look;
use crate::cut::pyramid::Pyramid;
use crate::cut::squares::ancestor;
use crate::embed::ShownPicture;
use crate::embeddings::{EmbeddingStore, Memory, Seen};
use crate::given::Given;
use crate::publish::Edition;
use crate::squeeze::Effort;
use clip_rs_imagery::{Entry, Skipped};
use clip_rs_locate::{AddressBook, PLACES_CREDIT, Places};
use clip_rs_package::Package;
use clip_rs_stage::StageError;
use clip_rs_stage::progress::Progress;

/// Items of a shard at most: what a browser loads as one.
const SHARD_ITEMS: usize = 50_000;
/// The same where a catalog is searched by its cells, and its shards are loaded for what a map shows.
const SMALL_SHARD_ITEMS: usize = 16_384;
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
    /// What there is, and where it lies.
    pub survey: &'a Survey,
    /// The tiles that squares are made of.
    pub pyramid: Option<Pyramid<'a>>,
    /// The pictures that items are of, by their numbers.
    pub pictures: &'a [ShownPicture<'a>],
    /// The day of items whose source tells none.
    pub captured: Option<Date>,
}

impl Locator<'_> {
    fn entry(&self, what: &What) -> Option<&Entry> {
        match what {
            What::Square(square) => {
                let pyramid = self.pyramid.as_ref()?;
                // A window is of the day of the first of its tiles that is there.
                let own = |tile| pyramid.find(tile).or_else(|| pyramid.find(ancestor(tile, pyramid.zoom())));
                let at = square.tiles().find_map(own)?;
                pyramid.entries().get(at)
            }
            What::Picture { picture, .. } => self.pictures.get(*picture as usize).map(|shown| shown.entry),
        }
    }

    /// What an item is called.
    fn id(&self, what: &What) -> ItemId {
        match what {
            What::Square(square) => ItemId::Tiles(*square),
            What::Picture { picture, crop } => {
                let name = self.pictures.get(*picture as usize).map(|shown| shown.name.clone());
                ItemId::Picture { name: name.unwrap_or_default(), crop: *crop }
            }
        }
    }

    /// The items that have a vector among `given`, the others with the reason, and what to say of it.
    pub fn with_given(
        &self,
        items: Vec<Item>,
        given: &Given,
    ) -> Result<(Vec<Item>, Vec<Skipped>, String), StageError> {
        let ids: Vec<String> = items.iter().map(|item| self.id(&item.what).to_string()).collect();
        let (has_one, said) = given.fit(&ids)?;
        let (mut with, mut without) = (Vec::with_capacity(items.len()), Vec::new());
        for ((item, subject), has_one) in items.into_iter().zip(ids).zip(has_one) {
            if has_one {
                with.push(item);
            } else {
                without.push(Skipped { subject, why: format!("{} has no embedding of it", given.source()) });
            }
        }
        Ok((with, without, said))
    }

    /// What an item covers on the ground, as far as that is known.
    fn footprint(&self, what: &What) -> Option<Bounds> {
        if let What::Square(square) = what {
            return Some(square.bounds());
        }
        self.survey.footprint(self.entry(what)?)
    }

    fn detail(&self, what: &What) -> Detail {
        let entry = self.entry(what);
        let centre = self.footprint(what).map(|footprint| footprint.centre());
        let address = centre.and_then(|at| self.addresses.as_ref()?.nearest(at));
        Detail {
            place: centre.and_then(|at| self.places.near(at)),
            address_m: address.as_ref().map(|(_, metres)| metres.round() as u32),
            address: address.map(|(text, _)| text),
            captured: entry.and_then(|entry| entry.captured).or(self.captured),
            source: entry.and_then(|entry| self.survey.source.origin(entry)).map(str::to_owned),
        }
    }
}

/// What the shards are made with.
pub struct Workshop<'a> {
    /// Where the vectors are.
    pub store: &'a EmbeddingStore,
    /// Vectors that go before those in the store.
    pub given: Option<&'a Given>,
    /// Where items lie.
    pub locator: &'a Locator<'a>,
    /// What items' relevance offsets are measured by, if the model has it.
    pub concepts: Option<&'a Concepts>,
    /// Whether the catalog gets cells.
    pub has_cells: bool,
    /// The catalog that is being written.
    pub edition: &'a mut Edition,
    /// Items that look the same as an earlier one.
    pub duplicates: usize,
    /// First and last day of items so far, where any is known.
    pub captured: Option<[Date; 2]>,
}

/// Writes the model and all shards, and says what the manifest says. `items` are what is searched, in their order.
pub fn assemble(
    request: &Request,
    model: &Package,
    survey: &Survey,
    imagery: Imagery,
    items: &[Item],
    workshop: &mut Workshop<'_>,
) -> Result<Manifest, StageError> {
    let model_ref = workshop.model(model)?;
    let progress = Progress::start("Building the index", items.len());
    let mut shards = Vec::new();
    let mut gathered = workshop.has_cells.then(Gathered::default);
    let mut with_places = false;
    let shard_items = if workshop.has_cells { SMALL_SHARD_ITEMS } else { SHARD_ITEMS };
    for items in items.chunks(shard_items) {
        shards.push(workshop.shard(items, &progress, &mut with_places, gathered.as_mut())?);
        progress.advance(items.len());
    }
    let divider: &dyn Divider = request.divider.as_deref().unwrap_or(&Here);
    let cells = match gathered {
        Some(gathered) => progress.part("cells", || gathered.write(workshop.edition, divider))?,
        None => None,
    };
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
        captured: workshop.captured,
        tiles,
        pictures,
        model: model_ref,
        shards,
        cells,
        files: workshop.edition.files().into(),
        examples,
        digest: String::new(),
    })
}

impl Workshop<'_> {
    fn model(&mut self, model: &Package) -> Result<ModelRef, StageError> {
        let (stem, extension) = match model.config.architecture {
            Some(architecture) if architecture.has_own_tokenizer() => ("tokenizer", "json"),
            _ => ("vocabulary", "txt"),
        };
        Ok(ModelRef {
            name: model.config.name.clone(),
            embed_dim: model.config.embed_dim,
            config: self.edition.add(&model.config_json, "model", "json")?,
            text: self.edition.add(&model.text, "text", "gguf")?,
            image: self.edition.add(&model.image, "image", "gguf")?,
            tokenizer: self.edition.add(&model.vocabulary, stem, extension)?,
        })
    }

    /// Writes a shard's index, items and details; notes whether any item has the name of a place.
    fn shard(
        &mut self,
        items: &[Item],
        progress: &Progress,
        with_places: &mut bool,
        mut gathered: Option<&mut Gathered>,
    ) -> Result<Shard, StageError> {
        let vectors = progress.part("reading vectors", || self.vectors(items))?;
        let index = progress.part("graph", || Index::build(&vectors, IndexParams::default()));
        let index = index.map_err(StageError::engine("building the index"))?.to_bytes();
        let dim = vectors.first().map_or(0, |vector| vector.dim());
        let mean = |at: usize| {
            vectors.iter().map(|vector| vector.as_slice()[at]).sum::<f32>() / vectors.len() as f32
        };
        let centroid = (0..dim).map(mean).collect();
        let alike = progress.part("duplicates", || duplicates(items, &vectors, |key| self.look(key)))?;
        let offset = |vector: &Embedding| self.concepts.map(|concepts| concepts.offset(vector));
        let offsets: Vec<Option<f32>> = vectors.par_iter().map(offset).collect();
        if let Some(gathered) = &mut gathered {
            gathered.vectors(&vectors);
        }
        drop(vectors);
        let mut builder = ItemsBuilder::default();
        let mut boxes = Vec::with_capacity(items.len());
        let mut details = Vec::new();
        let page_rows = page_rows(items.len(), self.has_cells);
        for page in items.chunks(page_rows) {
            for item in page {
                let footprint = self.locator.footprint(&item.what);
                builder.push(&self.locator.id(&item.what), footprint)?;
                boxes.extend(footprint);
            }
            let page: Vec<Detail> =
                progress.part("places", || page.iter().map(|item| self.locator.detail(&item.what)).collect());
            *with_places |= page.iter().any(|detail| detail.place.is_some());
            if let Some(gathered) = &mut gathered {
                gathered.captured(page.iter().map(|detail| detail.captured));
            }
            let days = page.iter().filter_map(|detail| detail.captured);
            self.captured = days.fold(self.captured, |known, day| {
                let [first, last] = known.unwrap_or([day; 2]);
                Some([first.min(day), last.max(day)])
            });
            let page = Details::new(&page)?.to_bytes()?;
            details.push(progress.part("writing", || self.edition.add(&page, "details", "bin"))?);
        }
        self.duplicates += alike.len();
        for (later, earlier) in alike {
            builder.mark_duplicate(later, earlier)?;
        }
        for (ordinal, offset) in offsets.into_iter().enumerate() {
            if let Some(offset) = offset {
                builder.set_offset(ordinal, offset)?;
            }
        }
        let built = builder.build();
        let names = built.to_bytes()?;
        if let Some(gathered) = gathered {
            gathered.items(built);
        }
        // Of a catalog with cells no search loads it.
        let effort = if self.has_cells { Effort::Brisk } else { Effort::Best };
        let index = progress.part("writing", || self.edition.add_with(&index, "index", "bin", effort))?;
        let names = progress.part("writing", || self.edition.add(&names, "items", "bin"))?;
        Ok(Shard {
            count: items.len(),
            bounds: Bounds::around(boxes),
            centroid,
            index,
            items: names,
            details,
            page_rows,
        })
    }

    fn vectors(&self, items: &[Item]) -> Result<Vec<Embedding>, StageError> {
        let mut vectors = Vec::with_capacity(items.len());
        for item in items {
            let id = self.locator.id(&item.what);
            if let Some(vector) = self.given.and_then(|given| given.get(&id.to_string())) {
                vectors.push(Embedding::new(vector.to_vec()).map_err(StageError::engine(&id))?);
                continue;
            }
            let Some(Seen::Full(vector, _)) = self.store.get(&item.key)? else {
                let why = format!("{id} was not embedded; run again");
                return Err(StageError::Request(why));
            };
            vectors.push(Embedding::new(vector).map_err(StageError::engine(&id))?);
        }
        Ok(vectors)
    }

    fn look(&self, key: &Digest) -> Result<Option<Look>, StageError> {
        Ok(match self.store.get(key)? {
            Some(Seen::Full(_, look)) => Some(look),
            Some(Seen::Empty) | None => None,
        })
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
