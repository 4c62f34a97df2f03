//! Preconditions and ranges (RFC 9110, 13 and 14): how much of a file a request wants.

use std::ops::RangeInclusive;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};

/// What a request wants of the version that there is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Whole,
    /// These bytes, which are there.
    Part(RangeInclusive<u64>),
    /// Nothing: the client holds this version.
    NotModified,
    /// Nothing: the client wants another version only.
    OtherVersion,
    /// Bytes that are not there.
    OutOfRange,
}

/// What a request with `method` and `headers` wants of `length` bytes whose (strong) tag is `etag`.
pub(crate) fn wanted(method: &Method, headers: &HeaderMap, etag: &HeaderValue, length: u64) -> Wanted {
    // Only this very version will do for `If-Match`; for `If-None-Match`, one that means the same will.
    if headers.contains_key(header::IF_MATCH) && !names(headers, header::IF_MATCH, etag, |tag| tag) {
        return Wanted::OtherVersion;
    }
    if names(headers, header::IF_NONE_MATCH, etag, |tag| tag.trim_start_matches("W/")) {
        return Wanted::NotModified;
    }
    let same_version = headers.get(header::IF_RANGE).is_none_or(|version| version == etag);
    match headers.get(header::RANGE) {
        Some(range) if method == Method::GET && same_version => part(range, length),
        _ => Wanted::Whole,
    }
}

/// Whether the header `name` lists `etag`, or anything at all by `*`.
fn names(headers: &HeaderMap, name: HeaderName, etag: &HeaderValue, form: fn(&str) -> &str) -> bool {
    let listed = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut tags = listed.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || form(tag).as_bytes() == etag.as_bytes())
}

/// The part that `range` names. Several parts are not sent one by one, and other units are not known.
fn part(range: &HeaderValue, length: u64) -> Wanted {
    let Ok(range) = range.to_str().map(str::to_ascii_lowercase) else { return Wanted::Whole };
    if !range.starts_with("bytes=") {
        return Wanted::Whole;
    }
    let Ok(parsed) = http_range_header::parse_range_header(&range) else { return Wanted::OutOfRange };
    if parsed.ranges.len() > 1 {
        return Wanted::Whole;
    }
    match parsed.validate(length).ok().and_then(|ranges| ranges.into_iter().next()) {
        Some(range) if *range.end() < length => Wanted::Part(range),
        _ => Wanted::OutOfRange,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: HeaderValue = HeaderValue::from_static("\"a\"");

    fn ask(method: Method, headers: &[(HeaderName, &'static str)]) -> Wanted {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        wanted(&method, &headers.collect(), &TAG, 100)
    }

    #[test]
    fn versions_are_compared_as_strictly_as_each_header_wants() {
        for held in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "\"b\",W/\"a\"", "*"] {
            assert_eq!(ask(Method::GET, &[(header::IF_NONE_MATCH, held)]), Wanted::NotModified, "{held}");
        }
        for (held, expected) in
            [("\"a\"", Wanted::Whole), ("*", Wanted::Whole), ("W/\"a\"", Wanted::OtherVersion)]
        {
            assert_eq!(ask(Method::GET, &[(header::IF_MATCH, held)]), expected, "{held}");
        }
        let range = (header::RANGE, "bytes=0-9");
        for (held, expected) in
            [("\"a\"", Wanted::Part(0..=9)), ("W/\"a\"", Wanted::Whole), ("\"b\"", Wanted::Whole)]
        {
            assert_eq!(ask(Method::GET, &[range.clone(), (header::IF_RANGE, held)]), expected, "{held}");
        }
    }

    #[test]
    fn ranges_are_those_of_a_get_and_lie_within_the_file() {
        let cases = [
            ("bytes=0-0", Wanted::Part(0..=0)),
            ("Bytes=90-", Wanted::Part(90..=99)),
            ("bytes=-10", Wanted::Part(90..=99)),
            ("bytes=90-200", Wanted::Part(90..=99)),
            ("bytes=100-", Wanted::OutOfRange),
            ("bytes=5-1", Wanted::OutOfRange),
            ("bytes=-0", Wanted::OutOfRange),
            ("bytes=", Wanted::OutOfRange),
            ("bytes=99999999999999999999-", Wanted::OutOfRange),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("items=0-5", Wanted::Whole),
        ];
        for (range, expected) in cases {
            assert_eq!(ask(Method::GET, &[(header::RANGE, range)]), expected, "{range}");
            assert_eq!(ask(Method::HEAD, &[(header::RANGE, range)]), Wanted::Whole, "{range}");
        }
    }

    #[test]
    fn nothing_can_be_cut_from_an_empty_file() {
        let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static("bytes=0-"))]);
        assert_eq!(wanted(&Method::GET, &headers, &TAG, 0), Wanted::OutOfRange);
    }
}
