//! From requests to responses: opens a catalog, and asks the engine.

use std::cell::RefCell;

use clip_rs_catalog::{Item, ItemId, Items, ModelRef, Shard as ShardRef};
use clip_rs_search::model::{ModelConfig, TextEncoder};
use clip_rs_search::{Engine, EngineError, Hit as Found, Index, ItemRef, Query, Shard};
use futures::future::{try_join, try_join_all};

use super::loader::{self, Files, ShardFiles, TextFiles};
use super::say;
use crate::browser::clock;
use crate::link::query;
use crate::protocol::{Ask, Failure, FailureKind, Hit, Request, Response};

/// Most hits that are given to one call, whatever it asks for.
const MAX_HITS: usize = 1000;

/// Answers requests; knows nothing until it has opened a catalog.
#[derive(Default)]
pub struct Answerer {
    engine: RefCell<Option<Engine>>,
}

impl Answerer {
    /// The answer to `request`.
    pub async fn answer(&self, request: Request) -> Result<Response, Failure> {
        match request {
            Request::Open { catalog, manifest } => self.open(&catalog, manifest).await,
            Request::Search { ask, limit } => self.with_engine(|engine| search(engine, &ask, limit)),
            Request::Encode { texts } => self.with_engine(|engine| encode(engine, &texts)),
        }
    }

    async fn open(&self, catalog: &str, manifest: Option<String>) -> Result<Response, Failure> {
        let start = clock::now_ms();
        let files = loader::open(catalog, manifest, |message| say(&message)).await?;
        let engine = build(files).await?;
        let items = engine.shards().iter().map(|shard| shard.items.len()).sum();
        self.engine.replace(Some(engine));
        Ok(Response::Opened { items, millis: clock::now_ms() - start })
    }

    fn with_engine<T>(&self, ask: impl FnOnce(&Engine) -> Result<T, Failure>) -> Result<T, Failure> {
        let engine = self.engine.borrow();
        ask(engine.as_ref().ok_or_else(|| Failure::new(FailureKind::Request, "No catalog is open yet."))?)
    }
}

/// The engine made of a catalog's files, each part as soon as its files are here. They are what the manifest
/// promises; what is wrong with them was wrong from the start, and the failure says in which.
async fn build(files: Files) -> Result<Engine, Failure> {
    let Files { manifest, text, shards } = files;
    let text = async { text_tower(&manifest.model, text.await?) };
    let shards = manifest.shards.iter().zip(shards);
    let shards = shards.map(async |(names, files)| shard(names, files.await?));
    let ((config, text), shards) = try_join(text, try_join_all(shards)).await?;
    Engine::new(&config, text, shards).map_err(|error| unusable(&manifest.model.config, &error))
}

fn text_tower(names: &ModelRef, files: TextFiles) -> Result<(ModelConfig, TextEncoder), Failure> {
    let config = ModelConfig::from_json(&files.config).map_err(|error| unusable(&names.config, &error))?;
    let text = TextEncoder::from_gguf(&config, files.weights, &files.vocabulary)
        .map_err(|error| unusable(&names.text, &error))?;
    Ok((config, text))
}

fn shard(names: &ShardRef, files: ShardFiles) -> Result<Shard, Failure> {
    let index = Index::from_bytes(files.index).map_err(|error| unusable(&names.index, &error))?;
    let items = Items::from_bytes(&files.items)
        .map_err(|error| unusable(&names.items, &error.named(&names.items)))?;
    Ok(Shard { index, items })
}

fn unusable(file: &str, error: &dyn std::error::Error) -> Failure {
    let error = error.to_string();
    let message = if error.starts_with(file) { error } else { format!("{file}: {error}") };
    Failure { kind: FailureKind::Damaged, file: Some(file.to_owned()), message }
}

fn search(engine: &Engine, ask: &Ask, limit: usize) -> Result<Response, Failure> {
    let query = match ask {
        Ask::Text(text) => {
            Query::text(query(text).ok_or_else(|| refused("There is nothing to search for."))?)
        }
        Ask::Like(id) => {
            let item = find(engine, id);
            Query::item(
                item.ok_or_else(|| refused(&format!("There is no picture called {id} in this area.")))?,
            )
        }
    };
    let query = query.limit(limit.min(MAX_HITS));
    let start = clock::now_ms();
    let embedding = engine.embed(&query).map_err(not_answered)?;
    let encoded = clock::now_ms();
    let found = engine.nearest(&embedding, &query).map_err(not_answered)?;
    let searched = clock::now_ms();
    let hits = found.iter().filter_map(|found| hit(engine, found)).collect();
    Ok(Response::Hits { hits, encode_ms: encoded - start, search_ms: searched - encoded })
}

fn encode(engine: &Engine, texts: &[String]) -> Result<Response, Failure> {
    let start = clock::now_ms();
    let vector = |text: &String| Ok(engine.text().encode(text)?.as_slice().to_vec());
    let vectors = texts.iter().map(vector).collect::<Result<_, EngineError>>().map_err(not_answered)?;
    Ok(Response::Vectors { vectors, encode_ms: clock::now_ms() - start })
}

fn find(engine: &Engine, id: &str) -> Option<ItemRef> {
    // A tile is called by its numbers; a picture may be called anything, even that.
    let picture = ItemId::Picture(id.to_owned());
    let tile = id.parse().map(ItemId::Tile).ok();
    let mut ids = tile.into_iter().chain([picture]);
    ids.find_map(|id| {
        let mut shards = engine.shards().iter().enumerate();
        shards.find_map(|(shard, part)| Some(ItemRef { shard, ordinal: part.items.position(&id)? }))
    })
}

fn hit(engine: &Engine, found: &Found) -> Option<Hit> {
    let item: &Item = engine.shards().get(found.item.shard)?.items.get(found.item.ordinal)?;
    Some(Hit {
        id: item.id.to_string(),
        similarity: found.similarity,
        cosine: found.cosine,
        footprint: item.footprint,
        place: item.place.clone(),
        address: item.address.clone(),
        captured: item.captured.map(|date| date.to_string()),
    })
}

fn refused(why: &str) -> Failure {
    Failure::new(FailureKind::Request, why)
}

fn not_answered(error: EngineError) -> Failure {
    refused(&format!("The engine cannot answer: {error}."))
}
