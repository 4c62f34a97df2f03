//! Which other sites may frame the page and read what is served: nobody, unless the operator says who.
//!
//! Four headers say it together. `Content-Security-Policy: frame-ancestors` (CSP 3, 6.4.2,
//! <https://www.w3.org/TR/CSP3/#directive-frame-ancestors>) is about frames, `Access-Control-Allow-Origin` (Fetch, 3.3,
//! <https://fetch.spec.whatwg.org/#http-cors-protocol>) about scripts that read, `Cross-Origin-Resource-Policy` about
//! pictures and frames of isolated pages, and `Vary: Origin` keeps caches from mixing up what two sites were told.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use clip_rs_catalog::Origin;

/// What pages of other origins may read besides the body.
const READABLE: HeaderValue =
    HeaderValue::from_static("accept-ranges, content-encoding, content-length, content-range, date, etag");

/// The word for [`EmbedFrom::Any`].
const ANY: &str = "any";

/// Who may frame the page, and read the page's files and the catalog from elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum EmbedFrom {
    /// Pages of this server only.
    #[default]
    Nobody,
    /// Pages of these origins too.
    Origins(Vec<Origin>),
    /// Pages of every origin.
    Any,
}

/// Why a text names nobody who could embed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmbedFromError {
    /// The text is not an origin.
    #[error(
        "{0:?} is not an origin: give scheme, host and perhaps port, with nothing behind them, such as \
         https://maps.example.org or http://192.168.1.20:3000; or the word any"
    )]
    NotAnOrigin(String),
    /// `any` stands beside origins.
    #[error("`any` already allows every origin: leave it or the origins out")]
    AnyAndMore,
}

impl EmbedFrom {
    /// Reads the words of a command line: origins, or `any`; no word means nobody.
    pub fn from_words<S: AsRef<str>>(words: &[S]) -> Result<Self, EmbedFromError> {
        let is_any = |word: &S| word.as_ref().eq_ignore_ascii_case(ANY);
        match words {
            [] => Ok(Self::Nobody),
            [only] if is_any(only) => Ok(Self::Any),
            words if words.iter().any(is_any) => Err(EmbedFromError::AnyAndMore),
            words => {
                let origin = |word: &S| {
                    let named = || word.as_ref().chars().take(200).collect();
                    word.as_ref().parse::<Origin>().map_err(|_| EmbedFromError::NotAnOrigin(named()))
                };
                words.iter().map(origin).collect::<Result<_, _>>().map(Self::Origins)
            }
        }
    }

    /// The sources of the directive `frame-ancestors` for the page. The server's own pages may always frame it.
    pub(crate) fn frame_ancestors(&self) -> String {
        match self {
            Self::Nobody => "'self'".to_owned(),
            Self::Origins(origins) => {
                origins.iter().fold("'self'".to_owned(), |list, origin| format!("{list} {origin}"))
            }
            Self::Any => "*".to_owned(),
        }
    }

    /// Adds to `headers`, of an answer to a page of `origin`, what lets it read the answer, if it may.
    fn allow(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        let embedder = match self {
            Self::Nobody => None,
            Self::Any => Some(HeaderValue::from_static("*")),
            Self::Origins(origins) => {
                headers.append(header::VARY, HeaderValue::from_static("origin"));
                origin.filter(|origin| origins.iter().any(|known| **origin == known.as_str())).cloned()
            }
        };
        if let Some(embedder) = embedder {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, embedder);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READABLE);
        }
        // It cannot name origins, and pictures are asked for without one.
        let whose = if *self == Self::Nobody { "same-origin" } else { "cross-origin" };
        let name = HeaderName::from_static("cross-origin-resource-policy");
        headers.insert(name, HeaderValue::from_static(whose));
    }
}

/// Says in every answer, refusals too, who may read it. What is remembered of answers is the same for everybody, so this
/// stands outside of [`crate::recall`].
pub(crate) async fn embed(State(embed_from): State<EmbedFrom>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = next.run(request).await;
    embed_from.allow(origin.as_ref(), response.headers_mut());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_origin_is_refused_by_name() {
        let error =
            EmbedFrom::from_words(&["https://a", "maps.example.org"]).expect_err("no origin").to_string();
        assert!(error.starts_with("\"maps.example.org\" is not an origin"), "{error}");
    }

    #[test]
    fn any_stands_alone() {
        let none: [&str; 0] = [];
        assert_eq!(EmbedFrom::from_words(&none), Ok(EmbedFrom::Nobody));
        assert_eq!(EmbedFrom::from_words(&["any"]), Ok(EmbedFrom::Any));
        assert_eq!(EmbedFrom::from_words(&["https://a", "any"]), Err(EmbedFromError::AnyAndMore));
    }
}
