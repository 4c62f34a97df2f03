//! All items of an index at once, as whoever explores an area asks for them.

use clip_rs_search::explore::{
    ClusterParams, Concept, background, clusters, learning_curve, scores, suggest,
};
use clip_rs_search::{Direction, Embedding, Index, ItemRef, Shard};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::index::{code, ordinals};
use crate::thrown;

/// An area of one shard. Its items have no names and no relevance offsets: what is timed here asks for neither.
#[wasm_bindgen]
pub struct Area([Shard; 1]);

#[wasm_bindgen]
impl Area {
    /// From the content of an index file.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: Vec<u8>) -> Result<Area, JsError> {
        let index = Index::from_bytes(bytes).map_err(thrown)?;
        Ok(Area([Shard { index, items: Default::default() }]))
    }

    /// The score of every item, by ordinals.
    pub fn layer(&self, query: Vec<f32>) -> Result<Vec<f32>, JsError> {
        let embedding = Embedding::new(query).map_err(thrown)?;
        scores(&self.0, &Direction { embedding, text_share: 0.0, familiarity: None }).map_err(thrown)
    }

    /// The direction of a concept that began with a query and was taught by items that show it and others that do not.
    pub fn learn(&self, yes: Vec<u32>, no: Vec<u32>, query: Vec<f32>) -> Result<Vec<f32>, JsError> {
        Ok(Taught::new(self, &yes, &no, query)?.concept.direction.as_slice().to_vec())
    }

    /// What [`Self::learn`] learns, then how good that is and which `count` items to mark next: their ordinals.
    pub fn advise(
        &self,
        yes: Vec<u32>,
        no: Vec<u32>,
        query: Vec<f32>,
        count: usize,
    ) -> Result<Vec<u32>, JsError> {
        let taught = Taught::new(self, &yes, &no, query)?;
        learning_curve(&taught.examples, Some(&taught.prior), &taught.rest).map_err(thrown)?;
        let next = suggest(&taught.concept, &self.0, |_| true, &taught.marked, count).map_err(thrown)?;
        Ok(next.into_iter().map(|item| item.ordinal as u32).collect())
    }

    /// Ordinals of the `k` items with the best scores, best first; looks at every item.
    pub fn rerank(&self, direction: Vec<f32>, k: usize) -> Result<Vec<u32>, JsError> {
        let [Shard { index, .. }] = &self.0;
        Ok(ordinals(index.exact(&code(direction)?, k, |_| true)))
    }

    /// The centroids of at most `count` groups, one after the other, largest group first.
    pub fn clusters(&self, count: usize) -> Result<Vec<f32>, JsError> {
        let params = ClusterParams { count, ..ClusterParams::default() };
        let found = clusters(&self.0, |_| true, params).map_err(thrown)?;
        Ok(found.iter().flat_map(|cluster| cluster.centroid.as_slice()).copied().collect())
    }
}

/// A concept with what taught it.
struct Taught {
    marked: Vec<ItemRef>,
    examples: Vec<(Embedding, bool)>,
    prior: Embedding,
    rest: Vec<Embedding>,
    concept: Concept,
}

impl Taught {
    fn new(Area(shards): &Area, yes: &[u32], no: &[u32], query: Vec<f32>) -> Result<Self, JsError> {
        let [Shard { index, .. }] = shards;
        let (mut marked, mut examples) = (Vec::new(), Vec::new());
        let marks = yes.iter().map(|at| (*at, true)).chain(no.iter().map(|at| (*at, false)));
        for (ordinal, yes) in marks {
            let item = ItemRef { shard: 0, ordinal: ordinal as usize };
            let vector = index.embedding(item.ordinal);
            let vector = vector.ok_or_else(|| JsError::new(&format!("there is no item {ordinal}")))?;
            examples.push((vector.map_err(thrown)?, yes));
            marked.push(item);
        }
        let prior = Embedding::new(query).map_err(thrown)?;
        let rest = background(shards, |item| !marked.contains(&item));
        let concept = Concept::learn(&examples, Some(&prior), &rest).map_err(thrown)?;
        Ok(Self { marked, examples, prior, rest, concept })
    }
}
