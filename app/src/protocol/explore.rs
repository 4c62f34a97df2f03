//! What the page asks the explorer, the second worker, which is loaded when one of its abilities is first used: pictures as
//! queries, the similarity of every place, concepts taught by examples, what there is at all, in groups or item by item.
//!
//! It speaks as the search worker does. Where a request or an answer says that bytes come along, the message is a list of its
//! JSON text and a `Uint8Array`.

use clip_rs_catalog::{Bounds, Date, ItemId};
use clip_rs_search::{Embedding, Polygon, Query};
use serde::{Deserialize, Serialize};

use super::{Failure, Hit, Taken};
use crate::mosaic::Place;

/// What the explorer can be asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// As the search worker's.
    Open {
        /// Absolute URL of `catalog.json`.
        catalog: String,
        /// Its text.
        manifest: Option<String>,
    },
    /// Where a picture points to. Its pixels come along: red, green, blue and alpha of each, row by row.
    Picture {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// How well every item fits a query.
    Layer {
        /// The query; its limit does not matter.
        query: Query,
        /// A second query, to show where the first fits better and where this one.
        against: Option<Query>,
        /// In a catalog that is searched by its cells: where to look. If the shards there are few enough, only their items are scored, each
        /// by itself; else, and without it, every square of the map is estimated by the cells that have items there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        near: Option<Bounds>,
    },
    /// How much every item differs from the one of the same ground on another date.
    Changes {
        /// Which date.
        since: Since,
        /// The items that are told lie in every one of these.
        areas: Vec<Polygon>,
        /// They were taken on these days.
        taken: Option<Taken>,
        /// So many are told at most.
        limit: usize,
    },
    /// What there is in an area, as groups of items that look alike.
    Clusters {
        /// The area: everything where there is none.
        areas: Vec<Polygon>,
        /// Groups at most.
        count: usize,
    },
    /// A concept from examples.
    Learn(Examples),
    /// How good the concept of these examples is, and what to mark next: what takes longer than to learn it.
    Review(Examples),
    /// Where in a picture it fits a query. Its pixels come along.
    Where {
        /// The query.
        query: Query,
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// Items in the catalog's order, whatever they show.
    Items {
        /// Only items whose middle lies in every one of these.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        areas: Vec<Polygon>,
        /// How many of them to skip.
        #[serde(default)]
        offset: usize,
        /// Most items wanted.
        limit: usize,
    },
    /// One item.
    Item {
        /// Its id.
        id: ItemId,
    },
    /// The picture of an item, or of any tile.
    Image {
        /// Its id.
        id: String,
        /// Pixels that its edge is to have at least, where there are as many.
        pixels: u32,
    },
}

/// Answers, by request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response {
    /// To [`Request::Open`].
    Opened {
        /// Number of items.
        items: usize,
    },
    /// To [`Request::Picture`].
    Picture {
        /// Where it points.
        vector: Embedding,
        /// Milliseconds spent on it.
        encode_ms: f64,
    },
    /// To [`Request::Layer`]. Its cells come along, a byte each, row by row from the north-west: 0 where no item lies, else 1
    /// for a mark of 0 to 255 for a mark of 1. Of two queries 128 is where both fit alike.
    Layer(Layer),
    /// To [`Request::Changes`]. Its cells come along, as those of a layer.
    Changes(Compared),
    /// To [`Request::Clusters`].
    Clusters {
        /// The largest first.
        clusters: Vec<Cluster>,
        /// Milliseconds spent on it.
        millis: f64,
    },
    /// To [`Request::Learn`].
    Concept {
        /// Where it points.
        vector: Embedding,
        /// Milliseconds spent on it.
        millis: f64,
    },
    /// To [`Request::Review`].
    Review(Review),
    /// To [`Request::Where`]. The cells come along, a byte each, row by row: 255 where it fits best.
    Where {
        /// Cells in a row.
        columns: usize,
        /// Rows.
        rows: usize,
        /// Whether it fits alike everywhere.
        is_flat: bool,
    },
    /// To [`Request::Items`] and [`Request::Item`].
    Items {
        /// The items.
        items: Vec<Item>,
        /// How many there are in all.
        total: usize,
        /// Pages of places and addresses that could not be had; their items are there without.
        missing: Vec<Failure>,
    },
    /// To [`Request::Image`]. The checked files come along, one behind the other.
    Image {
        /// The files with their places in the square that shows it; none where the catalog has no picture of it.
        pieces: Vec<Piece>,
    },
}

/// What is known of an item, as of a [`Hit`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// See [`Hit::id`], and so on.
    pub id: String,
    /// Box on the ground (west, south, east, north), without extent for a mere position.
    pub footprint: Option<Bounds>,
    /// Populated place it lies in or near.
    pub place: Option<String>,
    /// Nearest street address.
    pub address: Option<String>,
    /// Metres from the item's middle to that address.
    pub address_m: Option<u32>,
    /// Date of capture, `YYYY-MM-DD`.
    pub captured: Option<String>,
    /// Which imagery it comes from, where a catalog mixes several.
    pub source: Option<String>,
    /// Id of an earlier item that looks the same.
    pub duplicate_of: Option<String>,
    /// How many later items look the same as this one.
    pub duplicates: usize,
}

impl From<Hit> for Item {
    fn from(hit: Hit) -> Self {
        let Hit {
            id, footprint, place, address, address_m, captured, source, duplicate_of, duplicates, ..
        } = hit;
        Self { id, footprint, place, address, address_m, captured, source, duplicate_of, duplicates }
    }
}

/// A file of a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// Its media type; empty where it is not known.
    pub media_type: String,
    /// Its length.
    pub bytes: usize,
    /// Where it lies in the square, percent of the square's edge. What lies outside is cut off.
    pub place: Place,
}

/// The grid of a layer, whose rows are evenly spaced on a Web Mercator map.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Cells in a row.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
    /// West, south, east and north edge, degrees; the east edge may lie beyond 180.
    pub edges: [f64; 4],
    /// Marks of at least this are likely right; none where marks are no chances.
    pub likely_from: Option<f32>,
    /// Items that were scored, or estimated.
    pub items: usize,
    /// Whether the marks are estimates, each of a square of the map.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_estimate: bool,
    /// Milliseconds spent on it.
    pub millis: f64,
}

/// The date that another one is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Since {
    /// That of another catalog of the same ground and model.
    Catalog {
        /// Absolute URL of its `catalog.json`.
        url: String,
    },
    /// Of this catalog what was taken until a day is compared with what was taken after it.
    Day {
        /// The last day before.
        day: Date,
    },
}

/// What two dates say apart from each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// The grid of marks: 0 for the median of all changes and what is below, a half from where a change stands out. Its items are
    /// those that have the same ground on the other date.
    pub layer: Layer,
    /// Items without the same ground on the other date.
    pub unpaired: usize,
    /// Items that stand out.
    pub stand_out: usize,
    /// The most changed items, the most changed first; their similarity is their mark, their cosine that to what was before.
    pub hits: Vec<Hit>,
    /// For each of these the item of the same ground on the other date.
    pub before: Vec<String>,
    /// Pages of places and addresses that could not be had; their items are there without.
    pub missing: Vec<Failure>,
}

/// What a cell of a layer says: its mark, 0 to 1, or of two queries the difference of their marks, -1 to 1. None where no item
/// lies.
pub fn mark_of(cell: u8, is_difference: bool) -> Option<f32> {
    let step = f32::from(cell.checked_sub(1)?);
    Some(if is_difference { step / 127.0 - 1.0 } else { step / 254.0 })
}

/// A group of items that look alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// What it may be called, the best first.
    pub names: Vec<String>,
    /// Items in it.
    pub count: usize,
    /// Those nearest to its middle.
    pub examples: Vec<ItemId>,
    /// Its middle.
    pub vector: Embedding,
}

/// What a concept is taught by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Examples {
    /// Items, and whether they show it.
    pub marks: Vec<(ItemId, bool)>,
    /// What the person began with.
    pub prior: Option<Query>,
}

impl Examples {
    /// All items that are named.
    pub fn items(&self) -> impl Iterator<Item = &ItemId> {
        self.marks.iter().map(|(id, _)| id).chain(self.prior.iter().flat_map(Query::items))
    }
}

/// How good a concept is, and how to better it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Of the marked items that it would call yes when they are held out: the share that is. None before there are both kinds.
    pub precision: Option<f32>,
    /// The same with a third, two thirds, all of the marks, for what can be told.
    pub curve: Vec<(usize, f32)>,
    /// What to mark next: items that it is least sure of.
    pub suggestions: Vec<ItemId>,
    /// Milliseconds spent on it.
    pub millis: f64,
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;
    use crate::mosaic::WHOLE;
    use crate::protocol::Call;

    #[test]
    fn a_script_may_ask_for_items_and_their_pictures() {
        let items = json!({"type": "items", "areas": [[[0.0, 1.0], [2.0, 1.0], [1.0, 2.5]]], "offset": 20, "limit": 10});
        let item = json!({"type": "item", "id": "17/1/2"});
        let image = json!({"type": "image", "id": "a picture.jpg#xywh=0,0,9,9", "pixels": 256});
        for request in [items, item, image] {
            let call = json!({"id": 1, "request": request});
            let read: Call<Request> = from_value(call.clone()).expect("a call");
            assert_eq!(to_value(read).expect("plain data"), call);
        }
        let least: Request =
            from_value(json!({"type": "items", "limit": 1})).expect("all else has a meaning");
        assert_eq!(least, Request::Items { areas: Vec::new(), offset: 0, limit: 1 });
    }

    #[test]
    fn a_picture_is_answered_by_files_with_their_places() {
        let piece = Piece { media_type: "image/jpeg".into(), bytes: 3, place: WHOLE };
        let answer = to_value(Response::Image { pieces: vec![piece] }).expect("plain data");
        let place = json!({"left": 0.0, "top": 0.0, "width": 100.0, "height": 100.0});
        let expected =
            json!({"type": "image", "pieces": [{"media_type": "image/jpeg", "bytes": 3, "place": place}]});
        assert_eq!(answer, expected);
    }
}
