//! Origins of the web (RFC 6454, <https://www.rfc-editor.org/rfc/rfc6454>): whom a page may read from, and who may read it.

use std::fmt;
use std::str::FromStr;

use crate::CatalogError;

/// An origin as browsers write it (RFC 6454, 6.2): scheme, host and, unless it is the usual one, port. It may stand in a
/// content security policy and in a header as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin(String);

impl Origin {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = CatalogError;

    /// Reads an `http` or `https` origin. Case and the scheme's usual port do not matter. Addresses of IPv6 are none here:
    /// a policy cannot name them.
    fn from_str(text: &str) -> Result<Self, CatalogError> {
        parsed(text).ok_or_else(|| {
            let found: String = text.chars().take(200).collect();
            CatalogError::value(
                "origin",
                found,
                "scheme, host and perhaps port, such as https://maps.example.org",
            )
        })
    }
}

fn parsed(text: &str) -> Option<Origin> {
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
    Some(Origin(format!("{scheme}://{host}{port}")))
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
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
            assert!(error.to_string().starts_with(&format!("origin is {text}, expected")), "{error}");
        }
    }
}
