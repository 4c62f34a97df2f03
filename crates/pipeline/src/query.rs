//! Search in a catalog from the command line, through the browser's engine.

use std::path::{Path, PathBuf};

use clip_rs_imagery::decode::Decoder;
use clip_rs_search::Query;
use serde::Serialize;

use crate::catalog::{Catalog, find_item};
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

/// An answer, as `--json` writes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// Tile (`z/x/y`) or picture name.
    pub id: String,
    /// Similarity as the page shows it, 0 to 1.
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
}

/// The `limit` best answers, best first. `exact` looks at every item.
pub fn search(
    catalog: &Path,
    subject: &Subject,
    limit: usize,
    exact: bool,
) -> Result<Vec<Answer>, StageError> {
    let folder = catalog;
    let catalog = Catalog::open(folder)?;
    let engine = catalog.engine()?;
    let query = match subject {
        Subject::Text(text) if text.trim().is_empty() => {
            return Err(StageError::Request("the text to search for is empty".to_owned()));
        }
        Subject::Text(text) => Query::text(text.as_str()),
        Subject::Image(path) => {
            let decoder = Decoder::for_this_machine();
            let picture = decoder.decode(&files::read(path)?).map_err(StageError::engine(path.display()))?;
            let vector = catalog.image_encoder()?.encode(&picture.rgb);
            Query::picture(vector.map_err(StageError::engine(path.display()))?)
        }
        Subject::Like(id) => Query::item(
            find_item(&engine, id)
                .ok_or_else(|| StageError::content(folder, format!("no item is called {id:?}")))?,
        ),
    };
    let mut query = query.limit(limit);
    query.exact = exact;
    let hits = engine.search(&query).map_err(StageError::engine("the query"))?;
    let answer = |hit: &clip_rs_search::Hit| {
        let item = engine.shards().get(hit.item.shard)?.items.get(hit.item.ordinal)?;
        let centre = item.centre();
        Some(Answer {
            id: item.id.to_string(),
            score: hit.similarity,
            cosine: hit.cosine,
            lng: centre.map(|at| at.lng()),
            lat: centre.map(|at| at.lat()),
            place: item.place.clone(),
            address: item.address.clone(),
        })
    };
    Ok(hits.iter().filter_map(answer).collect())
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
