//! Which other sites may frame the page and read what is served: nobody, unless the operator says who.
//!
//! Four headers say it together. `Content-Security-Policy: frame-ancestors` (CSP 3, 6.4.2,
//! <https://www.w3.org/TR/CSP3/#directive-frame-ancestors>) is about frames, `Access-Control-Allow-Origin` (Fetch, 3.3,
//! <https://fetch.spec.whatwg.org/#http-cors-protocol>) about scripts that read, `Cross-Origin-Resource-Policy` about
//! pictures and frames of isolated pages, and `Vary: Origin` keeps caches from mixing up what two sites were told.

use std::{fmt, str::FromStr};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

/// What pages of other origins may read besides the body.
const READABLE: HeaderValue =
    HeaderValue::from_static("accept-ranges, content-encoding, content-length, content-range, etag");

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

/// An origin as browsers write it (RFC 6454, 6.2): scheme, host and, unless it is the usual one, port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

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
                let origins: Result<_, _> = words.iter().map(|word| word.as_ref().parse()).collect();
                origins.map(Self::Origins)
            }
        }
    }

    /// The sources of the directive `frame-ancestors` for the page. The server's own pages may always frame it.
    pub(crate) fn frame_ancestors(&self) -> String {
        match self {
            Self::Nobody => "'self'".to_owned(),
            Self::Origins(origins) => {
                origins.iter().fold("'self'".to_owned(), |list, Origin(origin)| format!("{list} {origin}"))
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
                origin
                    .filter(|origin| origins.iter().any(|Origin(known)| **origin == known.as_str()))
                    .cloned()
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

impl FromStr for Origin {
    type Err = EmbedFromError;

    /// Reads an `http` or `https` origin. Case and the scheme's usual port do not matter. Addresses of IPv6 are none here:
    /// a policy cannot name them.
    fn from_str(text: &str) -> Result<Self, EmbedFromError> {
        let parsed = || {
            let text = text.to_ascii_lowercase();
            let (scheme, rest) = text.split_once("://")?;
            let (host, port) = match rest.split_once(':') {
                Some((host, port)) => (host, Some(port.parse::<u16>().ok()?)),
                None => (rest, None),
            };
            let usual = match scheme {
                "http" => 80,
                "https" => 443,
                _ => return None,
            };
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            if host.is_empty() || !host.chars().all(is_plain) {
                return None;
            }
            let port = port.filter(|port| *port != usual).map_or(String::new(), |port| format!(":{port}"));
            Some(Self(format!("{scheme}://{host}{port}")))
        };
        parsed().ok_or_else(|| EmbedFromError::NotAnOrigin(text.chars().take(200).collect()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
    fn origins_are_written_as_browsers_write_them() {
        for (text, expected) in [
            ("https://maps.example.org", "https://maps.example.org"),
            ("HTTPS://Maps.Example.org", "https://maps.example.org"),
            ("https://maps.example.org:443", "https://maps.example.org"),
            ("http://192.168.1.20:3000", "http://192.168.1.20:3000"),
            ("http://localhost:443", "http://localhost:443"),
        ] {
            assert_eq!(text.parse::<Origin>().expect("an origin").to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused_by_name() {
        for text in [
            "",
            "maps.example.org",
            "https://",
            "https://a/",
            "https://a/map",
            "https://a?b",
            "https://user@a",
            "https://a:b",
            "https://a:99999",
            "https://*.example.org",
            "https://a; script-src *",
            "https://a, https://b",
            "https://bücher.example",
            "https://[::1]:8080",
            "ftp://a",
            "null",
            "*",
        ] {
            let error = text.parse::<Origin>().expect_err(text);
            assert!(error.to_string().starts_with(&format!("{text:?} is not an origin")), "{error}");
        }
    }

    #[test]
    fn any_stands_alone() {
        let none: [&str; 0] = [];
        assert_eq!(EmbedFrom::from_words(&none), Ok(EmbedFrom::Nobody));
        assert_eq!(EmbedFrom::from_words(&["any"]), Ok(EmbedFrom::Any));
        assert_eq!(EmbedFrom::from_words(&["https://a", "any"]), Err(EmbedFromError::AnyAndMore));
    }
}
