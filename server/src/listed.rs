//! Which names a catalog's manifest lists: those of its files, and those of its tiles and pictures by a template.

use clip_rs_catalog::Manifest;

/// Least number of hexadecimal digits that make a part of a name a digest.
const DIGEST_DIGITS: usize = 16;

/// Whether `manifest` says that `name`, a path relative to the catalog, is one of its files and never changes.
pub(crate) fn names(manifest: &Manifest, name: &str) -> bool {
    let file = manifest.files.iter().any(|file| file.name == name);
    let tile = manifest.tiles.as_ref().is_some_and(|tiles| stands_for(&tiles.url, name));
    let picture = manifest.pictures.as_ref().is_some_and(|pictures| stands_for(&pictures.url, name));
    (file || tile || picture) && holds_digest(name)
}

/// Whether filling the holes of `template` can give `name`: whole numbers for `{z}`, `{x}` and `{y}`, anything for
/// others.
fn stands_for(template: &str, name: &str) -> bool {
    let Some((before, rest)) = template.split_once('{') else { return template == name };
    let Some((hole, after)) = rest.split_once('}') else { return false };
    let Some(name) = name.strip_prefix(before) else { return false };
    let next = after.split('{').next().unwrap_or_default();
    let end = if next.is_empty() { Some(name.len()) } else { name.find(next) };
    let Some((value, name)) = end.map(|end| name.split_at(end)) else { return false };
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let fits = if ["z", "x", "y"].contains(&hole) { is_number } else { !value.is_empty() };
    fits && stands_for(after, name)
}

/// Whether a part of `name` is a digest, so that other content has another name.
fn holds_digest(name: &str) -> bool {
    let is_digest = |part: &str| {
        part.len() >= DIGEST_DIGITS && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(is_digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_stands_for_its_tiles_only() {
        let template = "tiles-0123456789abcdef/{z}/{x}/{y}.jpg";
        assert!(stands_for(template, "tiles-0123456789abcdef/17/1/2.jpg"));
        for other in [
            "tiles-0123456789abcdef/17/1/2.png",
            "tiles-0123456789abcdef/17/1/2.jpg.bak",
            "tiles-0123456789abcdef/17/1/notes.jpg",
            "tiles-0123456789abcdef/17/1/3/2.jpg",
            "tiles-0123456789abcdef/17//2.jpg",
            "tiles-fedcba9876543210/17/1/2.jpg",
            "",
        ] {
            assert!(!stands_for(template, other), "{other}");
        }
        assert!(stands_for("pictures-0/{name}", "pictures-0/any é.jpg"));
        assert!(!stands_for("pictures-0/{name}", "pictures-0/"));
        assert!(!stands_for("broken/{name", "broken/{name"));
    }

    #[test]
    fn a_digest_is_a_part_of_a_name() {
        for name in ["text.0123456789abcdef.gguf", "tiles-0123456789abcdef/1/2/3.jpg"] {
            assert!(holds_digest(name), "{name}");
        }
        for name in ["catalog.json", "tiles/1/2/3.jpg", "app-20261124184700.js", "0123456789ABCDEF.js"] {
            assert!(!holds_digest(name), "{name}");
        }
    }
}
