//! The widget for other sites as a folder of the page and a package for npm: with its licences, and with the digest that a host
//! names in its script tag.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha384};

use crate::paths;

/// The widget's folder in the page.
const FOLDER: &str = "embed";
/// Its script.
const SCRIPT: &str = "clip-rs-search.js";
/// Where its digest stands, as the attribute `integrity` wants it (Subresource Integrity, <https://www.w3.org/TR/SRI/>).
const INTEGRITY: &str = "integrity.txt";
const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// Completes the widget's folder in the built page `dist`. Returns the script's digest.
pub fn complete(dist: &Path) -> Result<String> {
    let folder = dist.join(FOLDER);
    let script = folder.join(SCRIPT);
    let bytes = fs::read(&script).with_context(|| format!("reading {}", script.display()))?;
    let digest = integrity(&bytes);
    let list = folder.join(INTEGRITY);
    fs::write(&list, format!("{digest}\n")).with_context(|| format!("writing {}", list.display()))?;
    copy_licences(&folder)?;
    Ok(digest)
}

/// Copies the licences into `folder`.
pub fn copy_licences(folder: &Path) -> Result<()> {
    for licence in LICENCES {
        let from = paths::repository().join(licence);
        fs::copy(&from, folder.join(licence)).with_context(|| format!("copying {}", from.display()))?;
    }
    Ok(())
}

/// The digest of a script as the attribute `integrity` wants it.
pub fn integrity(script: &[u8]) -> String {
    format!("sha384-{}", STANDARD.encode(Sha384::digest(script)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_what_browsers_compare() {
        // Of the empty file, as `openssl dgst -sha384 -binary /dev/null | base64` gives it.
        let empty = "sha384-OLBgp1GsljhM2TJ+sbHjaiH9txEUvgdDTAzHv2P24donTt6/529l+9Ua0vFImLlb";
        assert_eq!(integrity(b""), empty);
    }
}
