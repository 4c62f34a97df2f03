//! Turns the path of a URL into names of files, and refuses whatever could leave the folder.

use std::path::{Component, Path, PathBuf};

use percent_encoding::percent_decode_str;

use crate::refusal::Refusal;

/// The decoded segments of a URL's path, each of which is safe to use as the name of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestPath {
    segments: Vec<String>,
}

impl RequestPath {
    /// Decodes `raw`, the path as it stood in the request.
    ///
    /// Segments are split before they are decoded, so an encoded slash cannot make a new one.
    pub(crate) fn parse(raw: &str) -> Result<Self, Refusal> {
        let path = raw.strip_prefix('/').ok_or(Refusal::BadPath)?;
        let segments = path.split('/').map(decode_segment).collect::<Result<_, _>>()?;
        Ok(Self { segments })
    }

    /// The path of the file `name`, relative and with slashes, which is one of ours and needs no check.
    pub(crate) fn of_file(name: &str) -> Self {
        Self { segments: name.split('/').map(str::to_owned).collect() }
    }

    /// Whether this is `/`.
    pub(crate) fn is_root(&self) -> bool {
        matches!(self.segments.as_slice(), [only] if only.is_empty())
    }

    /// The last segment; empty when the path ends in a slash.
    pub(crate) fn file_name(&self) -> &str {
        self.segments.last().map_or("", String::as_str)
    }

    /// The decoded segments with slashes between them: a name relative to the folder.
    pub(crate) fn joined(&self) -> String {
        self.segments.join("/")
    }

    /// The path of the file in `root`; none when a segment is empty. Symbolic links are not looked at.
    pub(crate) fn below(&self, root: &Path) -> Option<PathBuf> {
        let named = self.segments.iter().all(|segment| !segment.is_empty());
        named.then(|| self.segments.iter().fold(root.to_path_buf(), |path, segment| path.join(segment)))
    }
}

fn decode_segment(raw: &str) -> Result<String, Refusal> {
    let escapes = raw.split('%').skip(1);
    for escape in escapes {
        let digits = escape.as_bytes().get(..2).ok_or(Refusal::BadPath)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(Refusal::BadPath);
        }
    }
    let segment = percent_decode_str(raw).decode_utf8().map_err(|_| Refusal::BadPath)?.into_owned();
    // A backslash or a colon is a separator to some systems.
    if segment.contains(['/', '\\', ':']) || segment.contains(char::is_control) {
        return Err(Refusal::BadPath);
    }
    if segment == "." || segment == ".." {
        return Err(Refusal::BadPath);
    }
    if segment.starts_with('.') {
        return Err(Refusal::NotFound);
    }
    let mut components = Path::new(&segment).components();
    match (components.next(), components.next()) {
        (None | Some(Component::Normal(_)), None) => Ok(segment),
        _ => Err(Refusal::BadPath),
    }
}

/// Whether the address `path` is at or below `/catalog` or `/catalogs`, which all sites may read.
pub(crate) fn is_of_catalog(path: &str) -> bool {
    let is_below = |folder: &str| {
        path.strip_prefix(folder).is_some_and(|rest: &str| rest.is_empty() || rest.starts_with('/'))
    };
    is_below("/catalog") || is_below("/catalogs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(raw: &str) -> RequestPath {
        RequestPath::parse(raw).unwrap_or_else(|refusal| panic!("{raw}: {refusal:?}"))
    }

    #[test]
    fn names_are_decoded_once() {
        let below = |raw| parse(raw).below(Path::new("root"));
        assert_eq!(below("/a/b%20c.jpg"), Some(PathBuf::from("root/a/b c.jpg")));
        assert_eq!(below("/M%C3%BCnchen.jpg"), Some(PathBuf::from("root/München.jpg")));
        assert_eq!(below("/a%2525"), Some(PathBuf::from("root/a%25")), "not decoded twice");
        assert_eq!(below("/a//b"), None);
        assert_eq!(below("/a/"), None);
    }

    #[test]
    fn whatever_could_leave_the_folder_is_refused() {
        let escapes = [
            "",
            "a",
            "*",
            "/..",
            "/../a",
            "/a/../b",
            "/./a",
            "/%2e%2e/a",
            "/.%2E/a",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/%00",
            "/a%0ab",
            "/c:/a",
            "/a%",
            "/a%2",
            "/a%zz",
            "/%ff",
            "/%c0%ae%c0%ae/a",
        ];
        for raw in escapes {
            assert_eq!(RequestPath::parse(raw), Err(Refusal::BadPath), "{raw:?}");
        }
        for raw in ["/.env", "/.git/config", "/a/.hidden", "/%2egit/config", "/...", "/.well-known/x"] {
            assert_eq!(RequestPath::parse(raw), Err(Refusal::NotFound), "{raw:?}");
        }
    }

    #[test]
    fn only_one_slash_is_the_root() {
        assert!(parse("/").is_root());
        assert!(!parse("//").is_root() && !parse("/a").is_root());
    }

    #[test]
    fn catalogs_are_two_folders() {
        assert!(is_of_catalog("/catalog") && is_of_catalog("/catalog/") && is_of_catalog("/catalog/a/b"));
        assert!(is_of_catalog("/catalogs/river/a") && !is_of_catalog("/catalogs.json"));
        assert!(!is_of_catalog("/") && !is_of_catalog("/catalogue") && !is_of_catalog("//catalog/"));
    }
}
