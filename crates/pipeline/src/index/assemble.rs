//! The located items and their vectors become a catalog in memory.

use clip_rs_catalog::{
    Bounds, Digest, FileRef, Item, ItemsBuilder, Listing, Manifest, ModelRef, Pictures, Shard, TileSet,
};
use clip_rs_search::index::IndexParams;
use clip_rs_search::{Embedding, Index};

use super::{Imagery, Request};
use crate::embed::Embedded;
use crate::publish::Publication;
use clip_rs_locate::PLACES_CREDIT;
use clip_rs_stage::StageError;
use clip_rs_stage::progress::Progress;
use clip_rs_training::model::Package;

/// Items of a shard at most: what a browser loads as one.
const SHARD_ITEMS: usize = 50_000;
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

/// `items` and the vectors in `kept` are in the same order.
pub(super) fn assemble(
    request: &Request,
    model: &Package,
    imagery: &Imagery,
    listing: Listing,
    items: Vec<Item>,
    kept: &[Embedded],
) -> Result<Publication, StageError> {
    let mut files = Vec::new();
    let mut add = |content: Vec<u8>, stem: &str, extension: &str| {
        let file = FileRef::of(&content, stem, extension);
        let name = file.name.clone();
        // Parts with the same content share a file; it is written and named once.
        if files.iter().all(|(other, _): &(FileRef, Vec<u8>)| other.name != name) {
            files.push((file, content));
        }
        name
    };
    let model_ref = ModelRef {
        name: model.config.name.clone(),
        embed_dim: model.config.embed_dim,
        config: add(model.config_json.clone(), "model", "json"),
        text: add(model.text.clone(), "text", "gguf"),
        image: add(model.image.clone(), "image", "gguf"),
        tokenizer: add(model.vocabulary.clone(), "vocabulary", "txt"),
    };
    let vectors: Vec<&Embedding> = kept.iter().filter_map(|embedded| embedded.vector.as_ref()).collect();
    let bounds = join(items.iter().filter_map(|item| item.footprint));
    let with_places = items.iter().any(|item| item.place.is_some());
    let mut shards = Vec::new();
    for (items, vectors) in items.chunks(SHARD_ITEMS).zip(vectors.chunks(SHARD_ITEMS)) {
        shards.push(shard(items, vectors, &mut add)?);
    }
    let listing_bytes = listing.to_bytes()?;
    let listing_digest = Digest::of(&listing_bytes).short();
    let listing_name = add(listing_bytes, "listing", "bin");
    let kind = if imagery.pyramid.is_some() { "tiles" } else { "pictures" };
    let folder = format!("{kind}-{listing_digest}");
    let tiles = imagery.pyramid.as_ref().map(|pyramid| TileSet {
        url: format!("{folder}/{{z}}/{{x}}/{{y}}.{}", pyramid.extension),
        minzoom: pyramid.min_zoom,
        maxzoom: pyramid.max_zoom,
        tile_size: imagery.tile_size,
        listing: listing_name.clone(),
    });
    let pictures =
        tiles.is_none().then(|| Pictures { url: format!("{folder}/{{name}}"), listing: listing_name });
    let about = &imagery.about;
    let given = |asked: &Option<String>, told: &Option<String>| asked.clone().or_else(|| told.clone());
    let title = given(&request.title, &about.title).unwrap_or_else(|| imagery.name.clone());
    let mut attribution = given(&request.attribution, &about.attribution).unwrap_or_default();
    if with_places {
        let separator = if attribution.is_empty() { "" } else { " · " };
        attribution = format!("{attribution}{separator}{PLACES_CREDIT}");
    }
    let examples =
        if about.examples.is_empty() { EXAMPLES.map(str::to_owned).to_vec() } else { about.examples.clone() };
    let manifest = Manifest {
        format: 1,
        id: request.id.clone().unwrap_or_else(|| plain_id(&title)),
        attribution,
        licence: given(&request.licence, &about.licence).unwrap_or_else(|| "not stated".to_owned()),
        title,
        synthetic: about.synthetic,
        bounds,
        tiles,
        pictures,
        model: model_ref,
        shards,
        files: files.iter().map(|(file, _)| file.clone()).collect(),
        examples,
        digest: String::new(),
    };
    let pictures = kept.iter().map(|embedded| embedded.picture.clone()).collect();
    Ok(Publication { manifest, files, folder, pictures, listing })
}

fn shard(
    items: &[Item],
    vectors: &[&Embedding],
    add: &mut impl FnMut(Vec<u8>, &str, &str) -> String,
) -> Result<Shard, StageError> {
    let progress = Progress::start("Building the index", vectors.len());
    let vectors: Vec<Embedding> = vectors.iter().copied().cloned().collect();
    let index = Index::build(&vectors, IndexParams::default());
    let index = index.map_err(StageError::engine("building the index"))?;
    progress.advance(items.len());
    progress.finish();
    let index = index.to_bytes();
    let dim = vectors.first().map_or(0, |vector| vector.dim());
    let mean =
        |at: usize| vectors.iter().map(|vector| vector.as_slice()[at]).sum::<f32>() / vectors.len() as f32;
    let mut columns = ItemsBuilder::default();
    items.iter().try_for_each(|item| columns.push(item.clone()))?;
    Ok(Shard {
        count: items.len(),
        bounds: join(items.iter().filter_map(|item| item.footprint)),
        centroid: (0..dim).map(mean).collect(),
        index: add(index, "index", "bin"),
        items: add(columns.build().to_bytes()?, "items", "bin"),
    })
}

fn join(boxes: impl Iterator<Item = Bounds>) -> Option<Bounds> {
    boxes.reduce(|all, one| all.union(&one))
}

/// The title as letters, digits and dashes.
fn plain_id(title: &str) -> String {
    let dashed: String =
        title.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let words: Vec<&str> = dashed.split('-').filter(|word| !word.is_empty()).collect();
    let id: String = words.join("-").chars().take(64).collect();
    if id.is_empty() { "catalog".to_owned() } else { id }
}
