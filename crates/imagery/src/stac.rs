//! SpatioTemporal Asset Catalogs on disk: items with a date and a footprint, and the rasters or pictures that
//! they name.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use clip_rs_catalog::{Bounds, Date};
use clip_rs_stage::files;
use serde::Deserialize;

use crate::format::{extension, kind, picture_extension};
use crate::geotiff::{GeoTiffs, RasterFile};
use crate::{About, Entry, EntryId, ImageryError, Inventory, Kind, Source};

/// The largest document that is read, bytes.
const MOST: u64 = 256 << 20;
/// The most documents that are followed from one.
const MOST_DOCUMENTS: usize = 1_000_000;
/// Roles of assets, the best first; others come after them.
const ROLES: [&str; 4] = ["visual", "data", "overview", "thumbnail"];

/// A catalog, collection, item or list of items: what of each is of use.
#[derive(Deserialize)]
struct Document {
    r#type: String,
    id: Option<String>,
    title: Option<String>,
    license: Option<String>,
    #[serde(default)]
    links: Vec<Link>,
    #[serde(default)]
    features: Vec<Document>,
    #[serde(default)]
    assets: HashMap<String, Asset>,
    bbox: Option<Vec<f64>>,
    #[serde(default)]
    properties: Option<Properties>,
}

#[derive(Deserialize)]
struct Link {
    rel: String,
    href: String,
}

#[derive(Deserialize)]
struct Asset {
    href: String,
    #[serde(default)]
    roles: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
struct Properties {
    datetime: Option<String>,
    start_datetime: Option<String>,
}

/// An asset that was chosen: the file, and what its item says of it.
struct Found {
    path: PathBuf,
    name: String,
    footprint: Option<Bounds>,
    captured: Option<Date>,
}

/// Whether a JSON value is a STAC document.
pub(crate) fn is_stac(value: &serde_json::Value) -> bool {
    let features = value.get("features").and_then(|features| features.get(0));
    value.get("stac_version").or(features.and_then(|item| item.get("stac_version"))).is_some()
}

/// Opens the document at `path` and all that it links to on this machine.
pub(crate) fn open(path: &Path, wanted: Kind) -> Result<Box<dyn Source>, ImageryError> {
    let root = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut reader =
        Reader { root, wanted, inventory: Inventory::default(), found: Vec::new(), seen: HashSet::new() };
    reader.follow(path)?;
    let Reader { root, mut inventory, mut found, .. } = reader;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    if wanted == Kind::Tiles {
        if found.is_empty() {
            return Ok(Box::new(StacPictures { root, inventory, paths: Vec::new() }));
        }
        let rasters: Vec<RasterFile> = found.into_iter().map(|found| (found.path, found.captured)).collect();
        return Ok(Box::new(GeoTiffs::open(&rasters, inventory)?));
    }
    let mut paths = Vec::new();
    for Found { path, name, footprint, captured } in found {
        inventory.count(&kind(&path));
        let bytes = path.metadata().map(|metadata| metadata.len()).ok();
        inventory.entries.push(Entry {
            id: EntryId::Picture(name),
            handle: paths.len() as u64,
            footprint,
            captured,
            bytes,
        });
        paths.push(path);
    }
    inventory.sort();
    Ok(Box::new(StacPictures { root, inventory, paths }))
}

struct Reader {
    root: PathBuf,
    wanted: Kind,
    inventory: Inventory,
    found: Vec<Found>,
    seen: HashSet<PathBuf>,
}

impl Reader {
    /// Reads a document and those that it links to, without calling itself: catalogs may be deep.
    fn follow(&mut self, first: &Path) -> Result<(), ImageryError> {
        let mut open = vec![first.to_owned()];
        while let Some(path) = open.pop() {
            if !self.seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
                continue;
            }
            if self.seen.len() > MOST_DOCUMENTS {
                return Err(ImageryError::source(first, format!("more than {MOST_DOCUMENTS} documents")));
            }
            match read(&path) {
                Ok(document) => {
                    if path == first {
                        self.inventory.about = About {
                            title: document.title.clone().or(document.id.clone()),
                            licence: document.license.clone(),
                            ..About::default()
                        };
                    }
                    open.extend(self.take(document, &path));
                }
                Err(why) if path == first => return Err(ImageryError::source(path, why)),
                Err(why) => self.inventory.skip(self.name(&path), why),
            }
        }
        Ok(())
    }

    /// Takes the items of a document and returns the documents that it links to.
    fn take(&mut self, document: Document, path: &Path) -> Vec<PathBuf> {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        match document.r#type.as_str() {
            "Feature" => self.take_item(&document, &folder),
            "FeatureCollection" => document.features.iter().for_each(|item| self.take_item(item, &folder)),
            _ => {}
        }
        let followed = ["child", "item", "items"];
        let mut next = Vec::new();
        for link in document.links.iter().filter(|link| followed.contains(&link.rel.as_str())) {
            match local(&link.href, &folder) {
                Some(path) => next.push(path),
                None => self.inventory.skip(&link.href, "an address: download it first"),
            }
        }
        next.reverse();
        next
    }

    fn take_item(&mut self, item: &Document, folder: &Path) {
        let subject = item.id.clone().unwrap_or_else(|| "an item without an id".to_owned());
        let usable = |asset: &&Asset| match self.wanted {
            Kind::Tiles => ["tif", "tiff"].contains(&extension(Path::new(&asset.href)).as_str()),
            Kind::Pictures => picture_extension(Path::new(&asset.href)).is_some(),
        };
        let rank = |asset: &Asset| {
            let roles = asset.roles.as_deref().unwrap_or_default();
            ROLES.iter().position(|role| roles.iter().any(|own| own == role)).unwrap_or(ROLES.len())
        };
        let best = item.assets.values().filter(usable).min_by_key(|asset| (rank(asset), &asset.href));
        let Some(asset) = best else {
            let kinds = if self.wanted == Kind::Tiles { "GeoTIFF" } else { "picture" };
            return self.inventory.skip(subject, format!("it has no asset that is a {kinds}"));
        };
        let Some(path) = local(&asset.href, folder) else {
            return self.inventory.skip(subject, format!("{} is an address: download it first", asset.href));
        };
        match path.metadata() {
            Ok(metadata) if metadata.len() == 0 => self.inventory.skip(self.name(&path), "the file is empty"),
            Ok(_) => {
                let properties = item.properties.as_ref();
                let date = properties.and_then(|p| p.datetime.as_ref().or(p.start_datetime.as_ref()));
                let name = self.name(&path);
                let captured = date.and_then(|date| day(date));
                let footprint = item.bbox.as_deref().and_then(footprint);
                self.found.push(Found { path, name, footprint, captured });
            }
            Err(error) => self.inventory.skip(self.name(&path), error),
        }
    }

    /// The path below the first document's folder where it lies there.
    fn name(&self, path: &Path) -> String {
        let parts = path.strip_prefix(&self.root).unwrap_or(path);
        parts.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
    }
}

fn read(path: &Path) -> Result<Document, String> {
    let bytes = files::read_at_most(path, MOST).map_err(|error| error.to_string())?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    serde_json::from_slice(text).map_err(|error| format!("no STAC document: {error}"))
}

/// The file that a reference names; none when it is somewhere else than on this machine.
fn local(href: &str, folder: &Path) -> Option<PathBuf> {
    let path = href.strip_prefix("file://").unwrap_or(href);
    let path = path.strip_prefix("./").unwrap_or(path);
    (!path.contains("://")).then(|| folder.join(path))
}

/// A box of four numbers, or of six with heights.
fn footprint(bbox: &[f64]) -> Option<Bounds> {
    match *bbox {
        [west, south, east, north] | [west, south, _, east, north, _] => {
            Bounds::new(west, south, east, north).ok()
        }
        _ => None,
    }
}

/// The day of an RFC 3339 time.
fn day(time: &str) -> Option<Date> {
    let mut parts = time.split('T').next()?.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Pictures that items name.
struct StacPictures {
    root: PathBuf,
    inventory: Inventory,
    /// By handle.
    paths: Vec<PathBuf>,
}

impl Source for StacPictures {
    fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    fn read(&self, entry: &Entry) -> Result<Vec<u8>, ImageryError> {
        let path = usize::try_from(entry.handle).ok().and_then(|handle| self.paths.get(handle));
        let path = path.ok_or_else(|| ImageryError::entry(&self.root, &entry.id, "no item names it"))?;
        std::fs::read(path).map_err(ImageryError::io("read", path))
    }
}
