//! What the page answers a widget and tells it unasked: JSON text, with positions as a host's own map takes them.
//!
//! Words that a person types into the page are not among it. The host learns what was found and what is selected.

use clip_rs_catalog::{Bounds, Manifest};
use serde::Serialize;

use crate::protocol::{Failure, FailureKind, Hit};

/// Most results that are told at once.
pub const MOST_ITEMS: usize = 1000;

/// What the page tells unasked.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum News {
    /// To a hello: the conversation has begun.
    Welcome {
        /// Absolute URL of the `catalog.json` that is searched.
        catalog: String,
    },
    /// The search answers from now on.
    Ready(About),
    /// Other results are listed than before.
    Results(Results),
    /// Another result is selected than before, or none.
    Select {
        /// The result.
        item: Option<Item>,
    },
    /// Something failed that nobody asked for by a request.
    Error(Trouble),
    /// How high the page's content is.
    Height {
        /// CSS pixels.
        pixels: u32,
    },
}

/// What is searched.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct About {
    /// The area's name.
    pub title: String,
    /// Who made the imagery.
    pub attribution: String,
    /// Whether the imagery was generated and shows no real place.
    pub synthetic: bool,
    /// How many items can be found.
    pub items: usize,
    /// West, south, east and north edge of all, degrees; west is greater than east across the antimeridian.
    pub bounds: Option<Bounds>,
}

impl About {
    /// What is said of a catalog.
    pub fn of(manifest: &Manifest) -> Self {
        Self {
            title: manifest.title.clone(),
            attribution: manifest.attribution.clone(),
            synthetic: manifest.synthetic,
            items: manifest.shards.iter().fold(0, |sum, shard| sum.saturating_add(shard.count)),
            bounds: manifest.bounds,
        }
    }
}

/// What is listed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Results {
    /// What became of the search.
    pub state: State,
    /// Best first, [`MOST_ITEMS`] at most.
    pub items: Vec<Item>,
    /// Whether marks are chances of being right; else they say how similar a result is.
    pub chances: bool,
}

impl Results {
    /// The beginning of what is listed.
    pub fn of(state: State, hits: &[Hit], chances: bool) -> Self {
        Self { state, items: hits.iter().take(MOST_ITEMS).map(Item::of).collect(), chances }
    }
}

/// What became of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing is searched for.
    Ready,
    /// There are results.
    Results,
    /// There are none: nothing lies in the area.
    Empty,
    /// None is likely right, and so none is listed.
    Unlikely,
}

/// A result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// What it is called.
    pub id: String,
    /// The chance that it is right, or how similar it is, 0 to 1.
    pub mark: f32,
    /// Longitude of its middle, degrees from -180 to 180.
    pub lng: Option<f64>,
    /// Latitude of its middle, degrees.
    pub lat: Option<f64>,
    /// West, south, east and north edge, degrees; west is greater than east across the antimeridian.
    pub footprint: Option<Bounds>,
    /// Populated place that it lies in or near.
    pub place: Option<String>,
    /// Nearest street address.
    pub address: Option<String>,
}

impl Item {
    /// What is told of a hit.
    pub fn of(hit: &Hit) -> Self {
        let middle = hit.footprint.map(|footprint| footprint.centre());
        Self {
            id: hit.id.clone(),
            mark: hit.similarity,
            lng: middle.map(|middle| middle.lng()),
            lat: middle.map(|middle| middle.lat()),
            footprint: hit.footprint,
            place: hit.place.clone(),
            address: hit.address.clone(),
        }
    }
}

/// Why something could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// What kind of trouble it is, which decides what a host can do about it.
    pub kind: Kind,
    /// What happened, in a sentence for people.
    pub message: String,
}

/// Kinds of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Script and page, or page and catalog, are of versions that do not fit.
    Version,
    /// The page does not have the catalog that is wanted.
    Catalog,
    /// The request makes no sense as it is.
    Request,
    /// The picture could not be read.
    Picture,
    /// Too much was asked at once.
    Busy,
    /// The server has no such file.
    Missing,
    /// No answer from the server.
    Network,
    /// A file arrived with wrong content.
    Damaged,
    /// The search itself broke.
    Worker,
    /// A person stopped it.
    Stopped,
}

impl Trouble {
    /// A trouble of this kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl From<&Failure> for Trouble {
    fn from(failure: &Failure) -> Self {
        let kind = match failure.kind {
            FailureKind::Missing => Kind::Missing,
            FailureKind::Network => Kind::Network,
            FailureKind::Damaged => Kind::Damaged,
            FailureKind::Version => Kind::Version,
            FailureKind::Request => Kind::Request,
            FailureKind::Worker | FailureKind::Engine | FailureKind::Full => Kind::Worker,
            FailureKind::Stopped => Kind::Stopped,
            FailureKind::Unlisted => Kind::Catalog,
        };
        Self::new(kind, failure.message.clone())
    }
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The request's number.
    pub id: u32,
    /// What came of it: under `ok` or `error`.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was done.
    Ok(Done),
    /// It was not.
    Error(Trouble),
}

/// What a request that was met gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Done {
    /// To a search, an area, a picture: what is listed now.
    Results(Results),
    /// To a selection: what is selected now.
    Item(Option<Item>),
    /// To all others.
    Nothing,
}

#[cfg(test)]
mod tests {
    use clip_rs_catalog::TileId;
    use serde_json::json;

    use super::*;

    fn hit(id: &str) -> Hit {
        let footprint = id.parse::<TileId>().ok().map(TileId::bounds);
        Hit {
            id: id.into(),
            similarity: 0.75,
            cosine: 0.2,
            footprint,
            place: Some("Leesburg, Virginia".into()),
            address: None,
            address_m: None,
            captured: None,
            source: None,
            duplicate_of: None,
            duplicates: 0,
        }
    }

    #[test]
    fn a_result_is_told_with_its_longitude_first() {
        let told = serde_json::to_value(Item::of(&hit("1/0/0"))).expect("JSON");
        assert_eq!(told["lng"], json!(-90.0));
        assert!(told["lat"].as_f64().is_some_and(|lat| (42.0..43.0).contains(&lat)), "{told}");
        assert_eq!(told["footprint"][0], json!(-180.0));
        assert_eq!(
            (&told["id"], &told["mark"], &told["place"]),
            (&json!("1/0/0"), &json!(0.75), &json!("Leesburg, Virginia"))
        );
        let nowhere = serde_json::to_value(Item::of(&hit("roof.jpg"))).expect("JSON");
        assert!(nowhere["lng"].is_null() && nowhere["footprint"].is_null(), "{nowhere}");
    }

    #[test]
    fn news_are_told_by_their_type() {
        let results = Results::of(State::Unlikely, &[], true);
        for (news, expected) in [
            (
                News::Welcome { catalog: "https://a.example/catalog/catalog.json".into() },
                json!({ "type": "welcome", "catalog": "https://a.example/catalog/catalog.json" }),
            ),
            (
                News::Results(results.clone()),
                json!({ "type": "results", "state": "unlikely", "items": [], "chances": true }),
            ),
            (News::Select { item: None }, json!({ "type": "select", "item": null })),
            (
                News::Error(Trouble::new(Kind::Busy, "Wait.")),
                json!({ "type": "error", "kind": "busy", "message": "Wait." }),
            ),
            (News::Height { pixels: 300 }, json!({ "type": "height", "pixels": 300 })),
        ] {
            assert_eq!(serde_json::to_value(news).expect("JSON"), expected);
        }
        for (outcome, expected) in [
            (Outcome::Ok(Done::Nothing), json!({ "id": 3, "ok": null })),
            (Outcome::Ok(Done::Item(None)), json!({ "id": 3, "ok": null })),
            (
                Outcome::Ok(Done::Results(results)),
                json!({ "id": 3, "ok": { "state": "unlikely", "items": [], "chances": true } }),
            ),
            (
                Outcome::Error(Trouble::from(&Failure::new(FailureKind::Missing, "No catalog here."))),
                json!({ "id": 3, "error": { "kind": "missing", "message": "No catalog here." } }),
            ),
        ] {
            assert_eq!(serde_json::to_value(Answer { id: 3, outcome }).expect("JSON"), expected);
        }
    }

    #[test]
    fn no_more_is_told_at_once_than_a_host_can_take() {
        let hits = vec![hit("1/0/0"); MOST_ITEMS + 1];
        assert_eq!(Results::of(State::Results, &hits, false).items.len(), MOST_ITEMS);
    }
}
