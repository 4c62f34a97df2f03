//! How a conversation between widget and page begins: the page says that it listens, the widget answers with a hello that brings
//! a port, and all else goes through that port.

use serde::Deserialize;
use serde_json::Value;

use super::looks::Looks;
use super::short;

/// Version of the protocol. Widget and page talk only where both say the same number.
pub const VERSION: u32 = 1;
/// Longest hello, bytes of its JSON text.
const MOST_TEXT: usize = 16 * 1024;
/// Longest address of a catalog, bytes.
const MOST_ADDRESS: usize = 2048;

/// What a widget says first.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// Absolute URL of the `catalog.json` that the host wants to be searched; none for the page's own.
    #[serde(default)]
    pub catalog: Option<String>,
    /// What wheel and fingers do on the map.
    #[serde(default)]
    pub gestures: Gestures,
    /// How the page is to look.
    #[serde(default)]
    pub looks: Looks,
}

/// What wheel and fingers do on the map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gestures {
    /// The wheel alone and one finger scroll the host's page; the map takes the wheel with Ctrl, and two fingers.
    #[default]
    Cooperative,
    /// The map takes all of them.
    Greedy,
}

/// Why a hello begins no conversation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HelloError {
    /// It is of another version.
    #[error(
        "this page speaks version {VERSION} of the protocol, the widget's script version {0}: load clip-rs-search.js from the \
         folder embed/ beside this page"
    )]
    Version(String),
    /// It is of this version and does not hold together.
    #[error("the widget's hello was not understood: {0}")]
    Form(String),
}

impl Hello {
    /// Reads a message as JSON text; none if it is no hello of a widget, but somebody else's word.
    pub fn parse(text: &str) -> Option<Result<Self, HelloError>> {
        if text.len() > MOST_TEXT {
            return None;
        }
        let Value::Object(message) = serde_json::from_str(text).ok()? else { return None };
        let version = message.get("clipRs")?;
        if message.get("type")?.as_str()? != "hello" {
            return None;
        }
        if version.as_u64() != Some(VERSION.into()) {
            return Some(Err(HelloError::Version(short(&version.to_string()))));
        }
        let hello = serde_json::from_value(Value::Object(message));
        Some(hello.map_err(|error| HelloError::Form(short(&error.to_string()))).and_then(Self::checked))
    }

    fn checked(self) -> Result<Self, HelloError> {
        if self.catalog.as_ref().is_some_and(|address| address.len() > MOST_ADDRESS) {
            return Err(HelloError::Form(format!(
                "the catalog's address is longer than {MOST_ADDRESS} bytes"
            )));
        }
        Ok(self)
    }
}

/// What the page tells the window around it when it begins to listen, as JSON text. It says nothing but that.
pub fn listening() -> String {
    serde_json::json!({ "clipRs": VERSION, "type": "listening" }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::looks::{Height, Theme};

    #[test]
    fn a_hello_says_what_is_searched_and_how_it_looks() {
        let text = r#"{"clipRs":1,"type":"hello","catalog":"https://maps.example/catalog/catalog.json",
            "gestures":"greedy","looks":{"theme":"dark","height":"auto"},"later":1}"#;
        let hello = Hello::parse(text).expect("a hello").expect("of this version");
        assert_eq!(hello.catalog.as_deref(), Some("https://maps.example/catalog/catalog.json"));
        assert_eq!(hello.gestures, Gestures::Greedy);
        assert_eq!((hello.looks.theme, hello.looks.height), (Theme::Dark, Height::Auto));
        let least =
            Hello::parse(r#"{"clipRs":1,"type":"hello"}"#).expect("a hello").expect("of this version");
        assert_eq!((least.catalog, least.gestures), (None, Gestures::Cooperative));
        assert_eq!(least.looks, Looks::default());
    }

    #[test]
    fn what_others_say_is_none_of_our_business() {
        for text in [
            "",
            "null",
            "7",
            "[]",
            r#""hello""#,
            "{}",
            r#"{"type":"hello"}"#,
            r#"{"clipRs":1}"#,
            r#"{"clipRs":1,"type":"listening"}"#,
            r#"{"clipRs":1,"type":7}"#,
            &format!(r#"{{"clipRs":1,"type":"hello","catalog":"{}"}}"#, "a".repeat(MOST_TEXT)),
        ] {
            assert_eq!(Hello::parse(text), None, "{text:.60}");
        }
        assert_eq!(Hello::parse(&listening()), None, "a page does not greet itself");
    }

    #[test]
    fn another_version_is_refused_with_both_numbers() {
        for theirs in ["2", "0", "1.5", "-1", "\"1\"", "null"] {
            let text = format!(r#"{{"clipRs":{theirs},"type":"hello"}}"#);
            let error = Hello::parse(&text).expect("a hello").expect_err("of another version");
            assert_eq!(error, HelloError::Version(theirs.to_owned()));
            assert!(error.to_string().contains("version 1") && error.to_string().contains(theirs), "{error}");
        }
    }

    #[test]
    fn a_hello_that_does_not_hold_together_is_refused_in_a_short_sentence() {
        for wrong in [
            r#""catalog":7"#.to_owned(),
            r#""gestures":"none""#.to_owned(),
            r#""looks":{"theme":"pink"}"#.to_owned(),
            r#""looks":7"#.to_owned(),
            format!(r#""catalog":"{}""#, "a".repeat(MOST_ADDRESS + 1)),
            format!(r#""gestures":"{}""#, "a".repeat(9_000)),
        ] {
            let text = format!(r#"{{"clipRs":1,"type":"hello",{wrong}}}"#);
            let error = Hello::parse(&text).expect("a hello").expect_err("a wrong one");
            assert!(matches!(error, HelloError::Form(_)), "{wrong:.60}: {error}");
            assert!(error.to_string().len() < 300, "{error}");
        }
    }
}
