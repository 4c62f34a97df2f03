//! Search in a catalog from the command line, through the browser's engine.

use std::path::{Path, PathBuf};

use clip_rs_catalog::{Bounds, MANIFEST_NAME};
use clip_rs_imagery::decode::Decoder;
use clip_rs_search::{Engine, Hit, ItemRef, Query};
use serde::Serialize;

use crate::catalog::Catalog;
use clip_rs_stage::{StageError, files};

/// What is sought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// What words describe.
    Text(String),
    /// What looks like the picture in a file.
    Image(PathBuf),
    /// What looks like an item of the catalog.
    Like(String),
}

/// A question to a catalog.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What is sought.
    pub subject: Subject,
    /// Answers at most.
    pub limit: usize,
    /// Whether every item is looked at, instead of walking the graph.
    pub exact: bool,
    /// Only items whose middle lies in this box.
    pub within: Option<Bounds>,
    /// Only answers of at least this score, 0 to 1.
    pub min: f32,
}

impl Asked {
    /// Asks for the ten best answers.
    pub fn about(subject: Subject) -> Self {
        Self { subject, limit: 10, exact: false, within: None, min: 0.0 }
    }
}

/// An answer, as `--json` writes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// Tile (`z/x/y`) or picture name.
    pub id: String,
    /// Mark as the page shows it, 0 to 1: for words, where the model knows what its scores are worth, the chance of being
    /// right.
    pub score: f32,
    /// Cosine of query and item, -1 to 1.
    pub cosine: f32,
    /// Longitude of the item's centre, degrees.
    pub lng: Option<f64>,
    /// Latitude of the item's centre, degrees.
    pub lat: Option<f64>,
    /// Populated place.
    pub place: Option<String>,
    /// Nearest street address.
    pub address: Option<String>,
    /// How far the address is from the item's centre, metres.
    pub address_m: Option<u32>,
    /// Day of capture, `YYYY-MM-DD`.
    pub captured: Option<String>,
    /// Which imagery it comes from, where the catalog mixes several.
    pub source: Option<String>,
    /// What it covers: west, south, east, north in degrees; west is greater than east across the antimeridian.
    pub footprint: Option<[f64; 4]>,
}

/// The best answers, best first.
pub fn search(catalog: &Path, asked: &Asked) -> Result<Vec<Answer>, StageError> {
    let folder = catalog;
    let catalog = Catalog::open(folder)?;
    let engine = catalog.engine()?;
    let query = match &asked.subject {
        Subject::Text(text) if text.trim().is_empty() => {
            return Err(StageError::Request("the text to search for is empty".to_owned()));
        }
        Subject::Text(text) => Query::text(text.as_str()),
        Subject::Image(path) => {
            let decoder = Decoder::for_this_machine();
            let picture = decoder.decode(&files::read(path)?).map_err(StageError::engine(path.display()))?;
            let vector = catalog.image_encoder()?.encode(&picture.mirrored());
            Query::picture(vector.map_err(StageError::engine(path.display()))?)
        }
        Subject::Like(id) => {
            let known = id.parse().ok().filter(|id| engine.find(id).is_some());
            Query::item(
                known.ok_or_else(|| StageError::content(folder, format!("no item is called {id:?}")))?,
            )
        }
    };
    let mut query = query.limit(asked.limit).one_a_picture();
    query.exact = asked.exact;
    query.min_similarity = asked.min;
    if let Some(within) = asked.within {
        query = query.within(within);
    }
    let hits = engine.search(&query).map_err(StageError::engine("the query"))?;
    hits.iter().map(|hit| answer(&catalog, &engine, hit)).collect()
}

fn answer(catalog: &Catalog, engine: &Engine, hit: &Hit) -> Result<Answer, StageError> {
    let ItemRef { shard, ordinal } = hit.item;
    let none = || StageError::content(MANIFEST_NAME, format!("no item {ordinal} in shard {shard}"));
    let items = &engine.shards().get(shard).ok_or_else(none)?.items;
    let detail = catalog.detail(catalog.manifest.shards.get(shard).ok_or_else(none)?, ordinal)?;
    let footprint = items.footprint(ordinal);
    let centre = footprint.map(|footprint| footprint.centre());
    Ok(Answer {
        id: items.id(ordinal).ok_or_else(none)?.to_string(),
        score: hit.similarity,
        cosine: hit.cosine,
        lng: centre.map(|at| at.lng()),
        lat: centre.map(|at| at.lat()),
        place: detail.place,
        address: detail.address,
        address_m: detail.address_m,
        captured: detail.captured.map(|date| date.to_string()),
        source: detail.source,
        footprint: footprint.map(Into::into),
    })
}

/// Unit vectors of texts by the catalog's text tower, each `embed_dim` components.
pub fn encode(catalog: &Path, texts: &[String]) -> Result<Vec<Vec<f32>>, StageError> {
    let encoder = Catalog::open(catalog)?.text_encoder()?;
    let vector = |text: &String| {
        let embedding = encoder.encode(text).map_err(StageError::engine("the text"))?;
        Ok(embedding.as_slice().to_vec())
    };
    texts.iter().map(vector).collect()
}
