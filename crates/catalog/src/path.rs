//! Relative paths that mean the same to every system and cannot leave the catalog's folder.

use crate::CatalogError;

/// Longest path, bytes.
const MAX_BYTES: usize = 512;

/// Refuses paths that could leave the catalog's folder or mean different things to different systems.
pub fn check_path(path: &str) -> Result<(), CatalogError> {
    let plain = |c: char| c.is_alphanumeric() || "-_.{}() +,@".contains(c);
    let part =
        |p: &str| !p.is_empty() && !p.starts_with('.') && !p.ends_with(['.', ' ']) && p.chars().all(plain);
    if path.len() > MAX_BYTES || !path.split('/').all(part) {
        let found = path.chars().take(80).collect::<String>();
        return Err(CatalogError::value(
            "path",
            found,
            "a relative path of letters, digits and - _ . ( ) + , @",
        ));
    }
    Ok(())
}
