//! Paths in a catalog as parts of a URL: a picture's name may hold characters that mean something there.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

const UNSAFE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// `path`, relative to `catalog.json`, as it stands in a URL.
pub fn url_path(path: &str) -> String {
    let encode = |part: &str| utf8_percent_encode(part, UNSAFE).to_string();
    path.split('/').map(encode).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::url_path;

    #[test]
    fn a_name_means_nothing_else_in_a_url() {
        assert_eq!(url_path("pictures-0f/a (1), b+c.png"), "pictures-0f/a%20%281%29%2C%20b%2Bc.png");
        assert_eq!(url_path("sub/ä{x}.png"), "sub/%C3%A4%7Bx%7D.png");
        assert_eq!(url_path("tiles-0f/17/37500/50140.jpg"), "tiles-0f/17/37500/50140.jpg");
    }
}
