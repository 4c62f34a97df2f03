//! The files of the page that are made for a pack: the list of its catalogs, and what has to name the origins of others.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use clip_rs_catalog::{CATALOGS_NAME, CatalogError, Catalogs, ListedCatalog, Manifest, Origin};
use clip_rs_page::given::Placed;
use clip_rs_page::policy;
use clip_rs_stage::StageError;

use super::PAGE;

/// The page's service worker, and what some hosts read as headers.
const SERVICE_WORKER: &str = "sw.js";
const HEADERS: &str = "_headers";

/// Names and texts of those files of the page in `app` that have to be others for it to read catalogs of these `origins`.
pub fn reading(app: &Path, origins: &[Origin]) -> Result<Vec<(String, String)>, StageError> {
    let Some(from) = read(app, PAGE)? else { return Ok(Vec::new()) };
    // A page that says nothing of it reads whatever it likes.
    if origins.is_empty() && policy::of_page(&from).is_none() {
        return Ok(Vec::new());
    }
    let because = |error: policy::PolicyError| StageError::content(app, error.to_string());
    let page = policy::page_reading(&from, origins).map_err(because)?;
    if page == from {
        return Ok(Vec::new());
    }
    let mut made = Vec::new();
    if let Some(script) = read(app, SERVICE_WORKER)? {
        let script = policy::service_worker_keeping(&script, &from, &page).map_err(because)?;
        made.push((SERVICE_WORKER.to_owned(), script));
    }
    if let Some(headers) = read(app, HEADERS)? {
        made.push((HEADERS.to_owned(), policy::headers_reading(&headers, origins)));
    }
    made.push((PAGE.to_owned(), page));
    Ok(made)
}

/// Name and text of the list of catalogs: those of the pack, and those `elsewhere`.
pub fn list<'a>(
    packed: impl Iterator<Item = (&'a Placed, &'a Manifest)>,
    elsewhere: &[ListedCatalog],
) -> Result<(String, String), StageError> {
    let own =
        packed.map(|(placed, manifest)| Ok::<_, CatalogError>(ListedCatalog::of(manifest, placed.url()?)));
    let all = own.chain(elsewhere.iter().cloned().map(Ok)).collect::<Result<Vec<_>, _>>();
    let text = all.and_then(Catalogs::new).and_then(|list| list.to_json());
    Ok((
        CATALOGS_NAME.to_owned(),
        text.map_err(|error| StageError::content(CATALOGS_NAME, error.to_string()))?,
    ))
}

/// The text of a file of the page; none if there is no such file.
fn read(app: &Path, name: &str) -> Result<Option<String>, StageError> {
    let path = app.join(name);
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => read.map(Some).map_err(StageError::io("read", &path)),
    }
}
