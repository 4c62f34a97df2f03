//! Whether the listing is in order, and every tile and picture is what it says.

use clip_rs_catalog::{CatalogError, ListedFile, MANIFEST_NAME, Page, TileId, TileSet};
use clip_rs_imagery::decode::Decoder;
use rayon::prelude::*;

use super::{Fault, Verdict, without_path};
use crate::catalog::{Catalog, ListingPage};
use crate::name_set::NameSet;
use clip_rs_stage::progress::Progress;

/// What the listing has.
#[derive(Debug, Default)]
pub struct Listed {
    /// Names of tiles (`z/x/y`) and pictures.
    pub names: NameSet,
    /// Whether every page could be read.
    pub complete: bool,
}

/// Checks the listing page by page, and all files on it.
pub fn check(verdict: &mut Verdict, catalog: &Catalog) -> Listed {
    let manifest = &catalog.manifest;
    let count = manifest.tiles.as_ref().map(|tiles| tiles.count);
    let count = count.or(manifest.pictures.as_ref().map(|pictures| pictures.count)).unwrap_or(0);
    let progress = Progress::start("Checking pictures", count);
    let decoder = Decoder::for_this_machine();
    let mut listed = Listed { complete: true, ..Listed::default() };
    for (number, page) in manifest.listing().iter().enumerate() {
        if catalog.read(&page.file).is_err() {
            listed.complete = false;
            continue;
        }
        let read = catalog.listing_page(&page.file).map_err(without_path);
        let Some(rows) = verdict.take(&page.file, read) else {
            listed.complete = false;
            continue;
        };
        check_page(verdict, catalog, page, &rows, manifest.listing().get(number + 1));
        verdict.pictures += rows.len();
        listed.names.extend(names(&rows));
        let files: Vec<(Option<String>, String, ListedFile)> = rows
            .files(manifest)
            .into_iter()
            .map(|(path, file)| (manifest.folders().get(usize::from(file.folder())).cloned(), path, file))
            .collect();
        for (_, path, _) in files.iter().filter(|(folder, _, _)| folder.is_none()) {
            verdict.fault(&page.file, format!("{path} lies in a folder that is not named"));
        }
        verdict.extend(
            files
                .par_iter()
                .filter_map(|(folder, path, file)| {
                    let name = format!("{}/{path}", folder.as_ref()?);
                    file_fault(catalog, &decoder, name, file)
                })
                .collect(),
        );
        progress.advance(rows.len());
    }
    progress.finish();
    if listed.complete && verdict.pictures != count {
        let why = format!("it says {count} tiles or pictures, its listing has {}", verdict.pictures);
        verdict.fault(MANIFEST_NAME, why);
    }
    listed
}

fn names(rows: &ListingPage) -> Box<dyn Iterator<Item = String> + '_> {
    match rows {
        ListingPage::Tiles(rows) => Box::new(rows.iter().map(|row| row.tile.to_string())),
        ListingPage::Pictures(rows) => Box::new(rows.iter().map(|row| row.name.clone())),
    }
}

/// Whether a page begins with what the manifest says, ends before the next, and has only what the manifest speaks of.
fn check_page(
    verdict: &mut Verdict,
    catalog: &Catalog,
    page: &Page,
    rows: &ListingPage,
    next: Option<&Page>,
) {
    let names: Vec<String> = names(rows).collect();
    if names.first() != Some(&page.first) {
        verdict.fault(&page.file, format!("it does not begin with {}", page.first));
    }
    if let ListingPage::Tiles(rows) = rows
        && let Some(tiles) = &catalog.manifest.tiles
    {
        let next = next.and_then(|next| next.first.parse().ok()).map(TileId::order);
        if rows.iter().last().zip(next).is_some_and(|(last, next)| last.tile.order() >= next) {
            verdict.fault(&page.file, "its last tiles belong to the next page");
        }
        let fits = |tiles: &TileSet| {
            let inside = |z: u8| (tiles.minzoom..=tiles.maxzoom).contains(&z);
            rows.iter().all(|row| inside(row.tile.z()) && tiles.kinds.contains(&row.kind))
        };
        if !fits(tiles) {
            verdict.fault(
                &page.file,
                format!("it has tiles of zooms or kinds that {MANIFEST_NAME} does not name"),
            );
        }
    } else if names.last().zip(next).is_some_and(|(last, next)| *last >= next.first) {
        verdict.fault(&page.file, "its last pictures belong to the next page");
    }
}

/// What is wrong with a tile's or picture's file, if anything.
fn file_fault(catalog: &Catalog, decoder: &Decoder, name: String, file: &ListedFile) -> Option<Fault> {
    let why = match catalog.raw(&name) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "missing".to_owned(),
        Err(error) => error.to_string(),
        Ok(content) => match file.check(&name, &content) {
            Err(CatalogError::File { fault, .. }) => fault.to_string(),
            Err(error) => error.to_string(),
            Ok(()) => decoder.check(&content).err()?.to_string(),
        },
    };
    Some(Fault { file: name, why })
}
