//! Names of pictures as a catalog can hold them.

use std::collections::HashSet;

use clip_rs_catalog::Digest;
use unicode_normalization::UnicodeNormalization;

/// Gives each picture a name that every system takes and no other picture of the catalog has.
#[derive(Debug, Default)]
pub struct PictureNames {
    taken: HashSet<String>,
}

impl PictureNames {
    /// The name for the picture that its source calls `path`.
    pub fn name(&mut self, path: &str) -> String {
        // One form of accents, which catalogs can hold.
        let mut name = fit(&path.nfc().collect::<String>());
        if !self.taken.insert(name.to_lowercase()) {
            name = format!("{}-{name}", Digest::of(path.as_bytes()).short());
            self.taken.insert(name.to_lowercase());
        }
        name
    }
}

/// The path with `_` for everything that a catalog's names cannot hold, and long parts cut.
fn fit(path: &str) -> String {
    let part = |part: &str| {
        let plain = |c: char| if c.is_alphanumeric() || "-_.() +,@{}".contains(c) { c } else { '_' };
        let (stem, extension) = part.rsplit_once('.').unwrap_or((part, ""));
        let stem: String = stem.chars().take(80).map(plain).collect();
        let extension: String = extension.chars().map(plain).collect();
        let whole = if extension.is_empty() { stem } else { format!("{stem}.{extension}") };
        let ends = whole.ends_with(['.', ' ']);
        let whole = if ends { format!("{whole}_") } else { whole };
        if whole.starts_with('.') { format!("_{whole}") } else { whole }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clip_rs_catalog::check_path;

    #[test]
    fn every_name_becomes_one_that_a_catalog_can_hold_and_no_two_are_alike() {
        let long = format!("{}.jpg", "n".repeat(200));
        let paths =
            ["a&b.jpg", "a#b.jpg", "A_b.JPG", "Mu\u{308}nchen (2).png", "sub/100 %.webp", "x .jpg", &long];
        let mut names = PictureNames::default();
        let names: Vec<String> = paths.into_iter().map(|path| names.name(path)).collect();
        for name in &names {
            assert_eq!(check_path(name), Ok(()), "{name}");
        }
        let apart: HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(apart.len(), paths.len(), "{names:?}");
        assert!(
            names.contains(&"München (2).png".to_owned()) && names.contains(&"sub/100 _.webp".to_owned())
        );
    }
}
