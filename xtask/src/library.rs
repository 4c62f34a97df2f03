//! The library for other sites (`clip-rs.js`) as a folder of the page and a package for npm: with its licences, its modules' digests,
//! and a list of where the engine's files are, whose folders are named by their content.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::embed;

/// The library's folder in the page.
const FOLDER: &str = "library";
/// Its modules; the first is the one that hosts import.
const MODULES: [&str; 3] = ["clip-rs.js", "engine.js", "pictures.js"];
/// Where the modules' digests stand, a line each (Subresource Integrity, <https://www.w3.org/TR/SRI/>).
const INTEGRITY: &str = "integrity.txt";
/// Where the library reads which files the engine consists of (`app/library/engine.js`).
const ENGINE: &str = "engine.json";
/// The workers' start scripts: what the list calls them, and how the page names them (`worker.rs`).
const SCRIPTS: [(&str, &str); 3] =
    [("worker", "worker"), ("relaxed", "worker-relaxed"), ("explorer", "explorer")];
/// The same of the workers with the general engine, which not every page has.
const GENERAL: &str = "general";

/// Completes the library's folder in the built page `dist`, whose workers are in their places.
pub fn complete(dist: &Path) -> Result<()> {
    let folder = dist.join(FOLDER);
    let page = dist.join("index.html");
    let html = fs::read_to_string(&page).with_context(|| format!("reading {}", page.display()))?;
    write(&folder.join(ENGINE), &engine(&html)?)?;
    let mut digests = String::new();
    for module in MODULES {
        let path = folder.join(module);
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        digests += &format!("{module} {}\n", embed::integrity(&bytes));
    }
    write(&folder.join(INTEGRITY), &digests)?;
    embed::copy_licences(&folder)
}

/// The list of the engine's files, seen from the library's folder, for a page with this text.
fn engine(html: &str) -> Result<String> {
    let mut list = serde_json::Map::new();
    let named = |meta: &str| {
        let start = format!(r#"<meta name="{meta}" content=""#);
        html.split_once(&start)?.1.split_once('"').map(|(script, _)| format!("../{script}"))
    };
    for (name, meta) in SCRIPTS {
        let script = named(meta).with_context(|| format!("index.html names no {meta}"))?;
        list.insert(name.to_owned(), script.into());
    }
    if let Some(script) = named(GENERAL) {
        list.insert(GENERAL.to_owned(), script.into());
    }
    Ok(serde_json::to_string_pretty(&list)? + "\n")
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_found_where_the_page_has_it() {
        let metas = SCRIPTS.map(|(_, meta)| format!(r#"<meta name="{meta}" content="{meta}-0f/a.js" />"#));
        let list: serde_json::Value = serde_json::from_str(&engine(&metas.concat()).unwrap()).unwrap();
        let expected = serde_json::json!({
            "worker": "../worker-0f/a.js", "relaxed": "../worker-relaxed-0f/a.js", "explorer": "../explorer-0f/a.js",
        });
        assert_eq!(list, expected);
        let more = metas.concat() + r#"<meta name="general" content="general-0f/g.js" />"#;
        let list: serde_json::Value = serde_json::from_str(&engine(&more).unwrap()).unwrap();
        assert_eq!(list["general"], "../general-0f/g.js");
        assert!(engine(&metas[..2].concat()).is_err(), "a page without an explorer");
    }
}
