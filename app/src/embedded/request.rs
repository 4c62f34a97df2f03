//! What a widget asks the page for: JSON text, read with bounds into a request that can be carried out as it is.

use clip_rs_search::Polygon;
use serde::Deserialize;

use super::area::{AreaError, GeoJson};
use super::looks::Looks;
use super::short;
use crate::ask::{self, MAX_WORDS};
use crate::link::{Link, MapView};

/// Longest request, bytes of its text: an area of a thousand corners has a tenth of that.
pub const MOST_TEXT: usize = 256 * 1024;
/// Longest id of an item, bytes.
const MOST_ID: usize = 512;

/// What the page is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Search for these words and nothing else, in the area that is set; none for nothing.
    Search {
        /// As a person types them.
        words: Option<String>,
    },
    /// Select this result, or none.
    Select {
        /// Its id.
        item: Option<String>,
    },
    /// Search only in this area, or everywhere.
    SetArea {
        /// Longitudes before latitudes.
        area: Option<Polygon>,
    },
    /// Search for what looks like the picture that comes with the request, beside what is asked already.
    AddPicture {
        /// What to call it.
        name: String,
    },
    /// Turn the map there.
    SetView {
        /// Where it looks.
        view: MapView,
    },
    /// Look like this from now on.
    SetLooks {
        /// How.
        looks: Looks,
    },
}

/// Why a text is no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It is longer than any request.
    #[error("the request has {0} bytes, more than {MOST_TEXT}")]
    TooLong(usize),
    /// It has no number to answer to.
    #[error("the request has no id: a whole number from 0 to 4294967295")]
    NoId,
    /// It is none that this version knows.
    #[error("the request was not understood: {0}")]
    Form(String),
    /// So many characters of words.
    #[error("the words have {0} characters, more than {MAX_WORDS}")]
    Words(usize),
    /// The id is none.
    #[error("an item's id has 1 to {MOST_ID} bytes and no control characters")]
    Item,
    /// Of the area.
    #[error(transparent)]
    Area(#[from] AreaError),
    /// Of the view.
    #[error("a view is zoom/latitude/longitude as in the page's links, such as 15/38.8/-77.4")]
    View,
}

/// A request as it is written.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Written {
    Search { words: String },
    Select { item: Option<String> },
    SetArea { area: Option<GeoJson> },
    AddPicture { name: Option<String> },
    SetView { view: String },
    SetLooks { looks: Looks },
}

/// The number that an answer will carry.
#[derive(Deserialize)]
struct Numbered {
    id: u32,
}

/// Reads a request with its number. The number is there as soon as it can be read, so that what is wrong with the rest can be
/// answered.
pub fn read(text: &str) -> (Option<u32>, Result<Request, RequestError>) {
    if text.len() > MOST_TEXT {
        return (None, Err(RequestError::TooLong(text.len())));
    }
    let Ok(Numbered { id }) = serde_json::from_str(text) else { return (None, Err(RequestError::NoId)) };
    let written =
        serde_json::from_str::<Written>(text).map_err(|error| RequestError::Form(short(&error.to_string())));
    (Some(id), written.and_then(Request::try_from))
}

impl TryFrom<Written> for Request {
    type Error = RequestError;

    fn try_from(written: Written) -> Result<Self, RequestError> {
        Ok(match written {
            Written::Search { words } => {
                let characters = words.chars().count();
                if characters > MAX_WORDS {
                    return Err(RequestError::Words(characters));
                }
                Self::Search { words: ask::words(&words) }
            }
            Written::Select { item } => Self::Select { item: item.map(id).transpose()? },
            Written::SetArea { area } => Self::SetArea { area: area.map(Polygon::try_from).transpose()? },
            // Pictures are called something where they are shown; there it is cut to what fits.
            Written::AddPicture { name } => {
                let name: String = name.unwrap_or_default().chars().take(MAX_WORDS).collect();
                Self::AddPicture { name: ask::words(&name).unwrap_or_else(|| "a picture".to_owned()) }
            }
            Written::SetView { view } => {
                let view = Link::parse(&format!("map={view}")).view.ok_or(RequestError::View)?;
                Self::SetView { view }
            }
            Written::SetLooks { looks } => Self::SetLooks { looks },
        })
    }
}

fn id(text: String) -> Result<String, RequestError> {
    let plain = (1..=MOST_ID).contains(&text.len()) && !text.chars().any(char::is_control);
    if plain { Ok(text) } else { Err(RequestError::Item) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::looks::Theme;

    fn request(text: &str) -> Result<Request, RequestError> {
        let (id, request) = read(text);
        assert_eq!(id, Some(7), "{text:.60}");
        request
    }

    #[test]
    fn every_request_is_read() {
        let words = Some("a river".to_owned());
        let view = MapView { zoom: 15.0, lat: 38.8, lng: -77.4 };
        for (text, expected) in [
            (r#"{"id":7,"type":"search","words":"  a   river "}"#, Request::Search { words }),
            (r#"{"id":7,"type":"search","words":" "}"#, Request::Search { words: None }),
            (
                r#"{"id":7,"type":"select","item":"17/37500/50140"}"#,
                Request::Select { item: Some("17/37500/50140".into()) },
            ),
            (r#"{"id":7,"type":"select","item":null}"#, Request::Select { item: None }),
            (r#"{"id":7,"type":"setArea","area":null}"#, Request::SetArea { area: None }),
            (
                r#"{"id":7,"type":"addPicture","name":"roof.jpg"}"#,
                Request::AddPicture { name: "roof.jpg".into() },
            ),
            (r#"{"id":7,"type":"addPicture"}"#, Request::AddPicture { name: "a picture".into() }),
            (r#"{"type":"setView","view":"15/38.8/-77.4","id":7}"#, Request::SetView { view }),
        ] {
            assert_eq!(request(text), Ok(expected), "{text}");
        }
        let area =
            r#"{"id":7,"type":"setArea","area":{"type":"Polygon","coordinates":[[[0,0],[2,0],[1,1]]]}}"#;
        let Ok(Request::SetArea { area: Some(area) }) = request(area) else { panic!("no area") };
        assert_eq!(area.corners(), [[0.0, 0.0], [2.0, 0.0], [1.0, 1.0]]);
        let looks = request(r#"{"id":7,"type":"setLooks","looks":{"theme":"dark"}}"#);
        assert!(matches!(looks, Ok(Request::SetLooks { looks }) if looks.theme == Theme::Dark));
    }

    #[test]
    fn what_is_wrong_with_a_request_is_said_under_its_number() {
        let long = |length: usize| "a".repeat(length);
        for (text, reason) in [
            (r#"{"id":7}"#.to_owned(), "type"),
            (r#"{"id":7,"type":"destroy"}"#.to_owned(), "destroy"),
            (r#"{"id":7,"type":"search"}"#.to_owned(), "words"),
            (r#"{"id":7,"type":"search","words":7}"#.to_owned(), "string"),
            (format!(r#"{{"id":7,"type":"search","words":"{}"}}"#, long(MAX_WORDS + 1)), "501 characters"),
            (format!(r#"{{"id":7,"type":"{}"}}"#, long(100_000)), "unknown variant"),
            (r#"{"id":7,"type":"select","item":""}"#.to_owned(), "1 to 512"),
            (r#"{"id":7,"type":"select","item":"a\u0000"}"#.to_owned(), "control"),
            (format!(r#"{{"id":7,"type":"select","item":"{}"}}"#, long(MOST_ID + 1)), "1 to 512"),
            (r#"{"id":7,"type":"setView","view":"99/0/0"}"#.to_owned(), "zoom/latitude/longitude"),
            (r#"{"id":7,"type":"setView","view":"15/0/0&q=x"}"#.to_owned(), ""),
            (
                r#"{"id":7,"type":"setArea","area":{"type":"Polygon","coordinates":[]}}"#.to_owned(),
                "one ring",
            ),
            (r#"{"id":7,"type":"setLooks","looks":{"radius":99}}"#.to_owned(), "0 to 32"),
        ] {
            match request(&text) {
                Err(error) => {
                    let said = error.to_string();
                    assert!(said.contains(reason) && said.len() < 400, "{text:.60}: {said}");
                }
                // Only the view is taken of what is written beside it.
                Ok(request) => assert!(matches!(request, Request::SetView { .. }) && reason.is_empty()),
            }
        }
    }

    #[test]
    fn without_a_number_there_is_nothing_to_answer_to() {
        for text in
            ["", "null", "[]", "{}", r#"{"id":-1}"#, r#"{"id":"7"}"#, r#"{"id":4294967296}"#, "{\"id\":7"]
        {
            assert_eq!(read(text), (None, Err(RequestError::NoId)), "{text}");
        }
        let nested = format!("{{\"id\":7,\"type\":\"search\",\"words\":{}", "[".repeat(200_000));
        assert_eq!(read(&nested).0, None, "however deep");
        let long = " ".repeat(MOST_TEXT + 1);
        assert_eq!(read(&long), (None, Err(RequestError::TooLong(MOST_TEXT + 1))));
    }
}
