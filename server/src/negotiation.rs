//! `Accept-Encoding` (RFC 9110, 12.5.3): in which coding a client wants an answer.

use axum::http::{HeaderMap, header};

/// How an answer's bytes are packed; from the least to the most preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    Brotli,
}

impl Coding {
    /// The ending of a file that holds another file's content packed.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => ".gz",
            Self::Brotli => ".br",
        }
    }

    /// The name in `Content-Encoding`; none for bytes as they are.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }
}

/// What a client accepts: the quality of each coding, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accepted {
    identity: u16,
    gzip: u16,
    brotli: u16,
}

impl Accepted {
    /// What the header says. Without it, only bytes as they are: not every client that is silent can unpack.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let (mut identity, mut gzip, mut brotli, mut others) = (None, None, None, None);
        let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        for choice in values.flat_map(|value| value.split(',')) {
            let (name, parameters) = choice.split_once(';').unwrap_or((choice, ""));
            let Some(quality) = quality(parameters) else { continue };
            match name.trim().to_ascii_lowercase().as_str() {
                "identity" => identity = Some(quality),
                "gzip" | "x-gzip" => gzip = Some(quality),
                "br" => brotli = Some(quality),
                "*" => others = Some(quality),
                _ => {}
            }
        }
        Self {
            // Good enough unless it is excluded, but less than what is named.
            identity: identity.or(others).unwrap_or(1),
            gzip: gzip.or(others).unwrap_or(0),
            brotli: brotli.or(others).unwrap_or(0),
        }
    }

    /// The coding among `available` that the client likes best; none when it accepts none of them.
    pub(crate) fn best(self, available: impl IntoIterator<Item = Coding>) -> Option<Coding> {
        let accepted = available.into_iter().filter(|&coding| self.quality(coding) > 0);
        accepted.max_by_key(|&coding| (self.quality(coding), coding))
    }

    fn quality(self, coding: Coding) -> u16 {
        match coding {
            Coding::Identity => self.identity,
            Coding::Gzip => self.gzip,
            Coding::Brotli => self.brotli,
        }
    }
}

/// The quality in the parameters of a choice, in thousandths: 1000 when it is left out, none when it makes no sense.
fn quality(parameters: &str) -> Option<u16> {
    if parameters.trim().is_empty() {
        return Some(1000);
    }
    let (name, value) = parameters.split_once('=')?;
    let value = name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().ok())??;
    (0.0..=1.0).contains(&value).then_some((value * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    use super::{Coding::*, *};

    fn best(accept: &str) -> Option<Coding> {
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, accept.parse().expect("a value"))]);
        Accepted::from_headers(&headers).best([Identity, Gzip, Brotli])
    }

    #[test]
    fn the_best_of_what_is_accepted_is_chosen() {
        let cases = [
            ("", Identity),
            ("gzip, deflate, br, zstd", Brotli),
            ("GZIP", Gzip),
            ("x-gzip", Gzip),
            ("gzip;q=0.5, br;q=0.1", Gzip),
            ("br ; q=0, gzip", Gzip),
            ("gzip;q=0.5, identity", Identity),
            ("gzip;q=0.001", Gzip),
            ("zstd", Identity),
            ("br;q=nonsense, gzip;q=7", Identity),
            ("identity;q=0, *", Brotli),
            ("identity;q=0, gzip", Gzip),
            ("*;q=0, gzip", Gzip),
        ];
        for (accept, expected) in cases {
            assert_eq!(best(accept), Some(expected), "{accept:?}");
        }
        assert_eq!(Accepted::from_headers(&HeaderMap::new()).best([Identity, Brotli]), Some(Identity));
    }

    #[test]
    fn who_excludes_everything_gets_nothing() {
        for accept in ["identity;q=0", "*;q=0", "identity;q=0.000, zstd", "*;q=0, deflate"] {
            assert_eq!(best(accept), None, "{accept:?}");
        }
        let refuses_plain =
            HeaderMap::from_iter([(header::ACCEPT_ENCODING, "br, *;q=0".parse().expect("a value"))]);
        assert_eq!(Accepted::from_headers(&refuses_plain).best([Identity]), None);
    }
}
