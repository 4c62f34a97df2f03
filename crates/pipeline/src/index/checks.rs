//! What can be known to fail is found before the first picture is embedded, and before anything is written.

use std::path::{Path, PathBuf};

use clip_rs_catalog::Manifest;

use super::Request;
use clip_rs_stage::StageError;

/// Refuses a request whose words or folders cannot be right.
pub fn check(request: &Request) -> Result<(), StageError> {
    if let Some(id) = &request.id {
        Manifest::check_id(id).map_err(|error| StageError::Request(format!("--id {id:?}: {error}")))?;
    }
    let (out, work) = (whole(&request.out), whole(&request.work()?));
    if work.starts_with(&out) {
        let why = "what is kept between runs would lie in the catalog; give a --work folder outside of it";
        return Err(StageError::content(&work, why));
    }
    for source in request.tiles.iter().chain(&request.images) {
        if whole(source).starts_with(&out) {
            let why =
                format!("it is where the catalog {} is written; choose another --out", request.out.display());
            return Err(StageError::content(source, why));
        }
    }
    Ok(())
}

/// The path without links and dots, as far as it exists.
fn whole(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for above in absolute.ancestors() {
        if let (Ok(real), Ok(below)) = (above.canonicalize(), absolute.strip_prefix(above)) {
            // Joining nothing would add a slash.
            return if below.as_os_str().is_empty() { real } else { real.join(below) };
        }
    }
    absolute
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(request: &Request) -> String {
        check(request).expect_err("refused").to_string()
    }

    #[test]
    fn folders_that_would_get_mixed_up_are_refused_before_anything_is_done() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("tiles")).expect("folder");
        let usual = Request { tiles: vec![at("tiles")], out: at("catalog"), ..Request::default() };
        assert!(check(&usual).is_ok());
        // The catalog may lie in the folder of pictures: it is left out when they are read.
        assert!(check(&Request { out: at("tiles/catalog"), ..usual.clone() }).is_ok());
        for out in ["tiles", ".", "tiles/../tiles"] {
            let error =
                refusal(&Request { out: at(out), work: Some("/nowhere/work".into()), ..usual.clone() });
            assert!(error.contains("choose another --out"), "{out}: {error}");
        }
        let error = refusal(&Request { work: Some(at("catalog/work")), ..usual.clone() });
        assert!(error.contains("--work folder outside"), "{error}");
        let error = refusal(&Request { id: Some("no spaces".into()), ..usual });
        assert!(error.contains("--id \"no spaces\""), "{error}");
    }
}
