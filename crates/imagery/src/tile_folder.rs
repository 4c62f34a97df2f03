//! Map tiles in folders, `{z}/{x}/{y}.jpg`, with rows counted from the north (XYZ) or the south (TMS).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use clip_rs_catalog::TileId;

use crate::format::{is_companion, kind, picture_extension};
use crate::source::spoken;
use crate::tile_metadata::{Scheme, TileMetadata, settle};
use crate::walk::{Found, walk};
use crate::{About, Entry, EntryId, ImageryError, Inventory, Source, sampling};

/// What stands before the extension of tiles of twice the usual edge.
const DOUBLE: &str = "@2x";

/// A folder pyramid of tiles.
pub struct TileFolder {
    root: PathBuf,
    names: TileNames,
}

/// A tile's file as it was found.
struct Candidate {
    /// Place of its suffix among all.
    suffix: usize,
    length: u64,
}

/// The tiles of a pyramid by the names of their files.
pub(crate) struct TileNames {
    scheme: Scheme,
    /// What follows the row in a file's name, `.jpg` or `@2x.png`; an entry's handle is its place here.
    suffixes: Vec<String>,
    found: HashMap<TileId, Vec<Candidate>>,
    /// What there is.
    pub inventory: Inventory,
}

impl TileFolder {
    /// Finds the tiles below `folder`, which is a pyramid, has its pyramid in a folder of its own (`tiles/`),
    /// or is a sample area. `asked` is the counting of rows where the person says it.
    pub fn open(
        folder: &Path,
        asked: Option<Scheme>,
        exclude: &HashSet<PathBuf>,
    ) -> Result<Self, ImageryError> {
        let root = pyramid_root(folder)?;
        let metadata = TileMetadata::beside(folder, &root)?;
        let mut names = TileNames::new(about(folder, &metadata)?);
        let mut inventory = std::mem::take(&mut names.inventory);
        walk(&root, exclude, &mut inventory, |file, inventory| names.add(&file, inventory))?;
        names.inventory = inventory;
        names.settle(&root, asked, &metadata)?;
        let mut folder = Self { root, names };
        folder.measure();
        folder.names.say_where(asked, &metadata);
        Ok(folder)
    }

    /// Tells the tiles' edge from the headers of some.
    fn measure(&mut self) {
        let size = |entry: &Entry| {
            let file = BufReader::new(File::open(self.path(entry)?).ok()?);
            let size = imagesize::reader_size(file).ok()?;
            Some((u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?))
        };
        let entries = sampling::some(&self.names.inventory.entries);
        let sizes: Vec<(u32, u32)> = entries.filter_map(size).collect();
        sampling::note_edge(&mut self.names.inventory, sizes.into_iter());
    }

    fn path(&self, entry: &Entry) -> Option<PathBuf> {
        Some(self.root.join(self.names.name(entry)?))
    }
}

impl TileNames {
    /// No tiles yet.
    pub fn new(about: About) -> Self {
        let inventory = Inventory { about, ..Inventory::default() };
        Self { scheme: Scheme::Xyz, suffixes: Vec::new(), found: HashMap::new(), inventory }
    }

    /// Adds a file, if its name is a tile's; else it is counted in `inventory`.
    pub fn add(&mut self, file: &Found, inventory: &mut Inventory) {
        let Some((tile, suffix)) = read_name(file, inventory) else { return };
        let suffix = self.suffixes.iter().position(|known| *known == suffix).unwrap_or_else(|| {
            self.suffixes.push(suffix.to_owned());
            self.suffixes.len() - 1
        });
        self.found.entry(tile).or_default().push(Candidate { suffix, length: file.length });
    }

    /// Makes entries of all that was added; an error where nothing is a tile. `root` is what the pyramid is called.
    pub fn settle(
        &mut self,
        root: &Path,
        asked: Option<Scheme>,
        metadata: &TileMetadata,
    ) -> Result<(), ImageryError> {
        let found = std::mem::take(&mut self.found);
        if found.is_empty() {
            let mut why = "no tiles named {z}/{x}/{y}.jpg (or jpeg, png, webp, avif)".to_owned();
            if let Some((name, first)) = self.inventory.unread.iter().next() {
                why.push_str(&format!(
                    "; there are {} files {name}, such as {}",
                    first.count, first.first[0]
                ));
            }
            return Err(ImageryError::source(root, why));
        }
        let (scheme, note) = settle(asked, metadata, || found.keys().copied(), Scheme::Xyz);
        self.scheme = scheme;
        self.inventory.notes.extend(note);
        self.take(found);
        Ok(())
    }

    /// Makes entries of what was found; of several files for one tile the largest picture is taken.
    fn take(&mut self, found: HashMap<TileId, Vec<Candidate>>) {
        let mut doubled: BTreeMap<String, usize> = BTreeMap::new();
        for (tile, mut candidates) in found {
            let rank =
                |c: &Candidate| (!self.suffixes[c.suffix].starts_with(DOUBLE), &self.suffixes[c.suffix]);
            candidates.sort_by(|a, b| rank(a).cmp(&rank(b)));
            let taken = &candidates[0];
            for other in &candidates[1..] {
                let pair = format!(
                    "{{y}}{} beside {{y}}{}",
                    self.suffixes[other.suffix], self.suffixes[taken.suffix]
                );
                *doubled.entry(pair).or_default() += 1;
            }
            let id = EntryId::Tile(self.scheme.to_xyz(tile));
            let mut entry = Entry::new(id, taken.suffix as u64);
            entry.bytes = Some(taken.length);
            self.inventory.entries.push(entry);
            self.inventory.count(&kind(Path::new(&self.suffixes[taken.suffix])));
        }
        for (pair, count) in doubled {
            self.inventory.notes.push(format!("{count} tiles are there twice, {pair}: the latter is taken"));
        }
        self.inventory.sort();
    }

    /// Says where the area lies when nothing but the numbers tells, so that a mistaken counting is noticed.
    pub fn say_where(&mut self, asked: Option<Scheme>, metadata: &TileMetadata) {
        if asked.is_some()
            || metadata.scheme.is_some()
            || metadata.bounds.is_some()
            || self.inventory.about.synthetic
        {
            return;
        }
        let Some(tile) = self.inventory.entries.first().and_then(|entry| entry.id.tile()) else { return };
        let here = spoken(tile.bounds().centre());
        let there = spoken(flipped(tile).bounds().centre());
        self.inventory.notes.push(format!(
            "rows are taken as counted from the north (XYZ), so the area lies near {here}; if it lies near \
             {there}, use --scheme tms"
        ));
    }

    /// The file's name below the pyramid.
    pub fn name(&self, entry: &Entry) -> Option<String> {
        let suffix = self.suffixes.get(usize::try_from(entry.handle).ok()?)?;
        let tile = self.scheme.to_xyz(entry.id.tile()?);
        Some(format!("{tile}{suffix}"))
    }
}

impl Source for TileFolder {
    fn inventory(&self) -> &Inventory {
        &self.names.inventory
    }

    fn read(&self, entry: &Entry) -> Result<Vec<u8>, ImageryError> {
        let path = self
            .path(entry)
            .ok_or_else(|| ImageryError::entry(&self.root, &entry.id, "it is no tile of this folder"))?;
        std::fs::read(&path).map_err(ImageryError::io("read", path))
    }
}

/// The tile whose row is counted from the other side.
fn flipped(tile: TileId) -> TileId {
    Scheme::Tms.to_xyz(tile)
}

/// Reads `z/x/y.jpg` or `z/x/y@2x.jpg`; anything else is counted as unread or skipped.
fn read_name<'a>(file: &'a Found, inventory: &mut Inventory) -> Option<(TileId, &'a str)> {
    if is_companion(&file.path) {
        return None;
    }
    if picture_extension(&file.path).is_none() {
        inventory.leave(&kind(&file.path), &file.name);
        return None;
    }
    let row = file.name.rfind('/').map_or(0, |slash| slash + 1);
    let digits = file.name[row..].bytes().take_while(u8::is_ascii_digit).count();
    let (stem, suffix) = file.name.split_at(row + digits);
    let plain = suffix.strip_prefix(DOUBLE).unwrap_or(suffix);
    let whole = plain.strip_prefix('.').is_some_and(|extension| !extension.contains('.'));
    // `007` is no second name for tile 7.
    let tile = stem.parse::<TileId>().ok().filter(|tile| whole && tile.to_string() == stem);
    match tile {
        None => inventory.skip(&file.name, "a picture whose name is no tile's ({z}/{x}/{y}.jpg)"),
        Some(_) if file.length == 0 => inventory.skip(&file.name, "the file is empty"),
        Some(tile) => return Some((tile, suffix)),
    }
    None
}

/// Whether a folder is a pyramid of tiles or holds one.
pub(crate) fn has_tiles(folder: &Path) -> Result<bool, ImageryError> {
    has_zooms(&pyramid_root(folder)?)
}

/// The folder that holds the zooms: the given one, its `tiles`, or its only folder with zooms in it.
fn pyramid_root(folder: &Path) -> Result<PathBuf, ImageryError> {
    if has_zooms(folder)? {
        return Ok(folder.to_owned());
    }
    let below = std::fs::read_dir(folder).map_err(ImageryError::io("read the folder", folder))?;
    let mut roots: Vec<PathBuf> = below
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() && has_zooms(path).unwrap_or(false))
        .collect();
    roots.sort();
    match roots.as_slice() {
        [] => Ok(folder.to_owned()),
        [root] => Ok(root.clone()),
        [first, second, ..] => {
            let (first, second) = (first.display(), second.display());
            let why =
                format!("several folders of tiles, such as {first} and {second}: name the ones to read");
            Err(ImageryError::source(folder, why))
        }
    }
}

/// Whether a folder of a pyramid lies right here: a number with numbers in it.
fn has_zooms(folder: &Path) -> Result<bool, ImageryError> {
    let entries = std::fs::read_dir(folder).map_err(ImageryError::io("read the folder", folder))?;
    let number = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit()) && path.is_dir()
    };
    Ok(entries.flatten().map(|entry| entry.path()).any(|zoom| {
        number(&zoom)
            && std::fs::read_dir(&zoom).is_ok_and(|mut columns| {
                columns.any(|column| column.is_ok_and(|column| number(&column.path())))
            })
    }))
}

/// What the folder says of itself: a sample area's own words, else the metadata's.
fn about(folder: &Path, metadata: &TileMetadata) -> Result<About, ImageryError> {
    let content = |error: clip_rs_stage::StageError| ImageryError::Request(error.to_string());
    // `canonicalize` gives `tiles` or `.` a parent to look into.
    let whole = folder.canonicalize().map_err(ImageryError::io("read the folder", folder))?;
    let own = About::read(&whole).map_err(content)?;
    let beside = match (own, whole.parent()) {
        (Some(own), _) => Some(own),
        (None, Some(parent)) => About::read(parent).map_err(content)?,
        (None, None) => None,
    };
    Ok(beside.unwrap_or_else(|| About {
        title: metadata.title.clone(),
        attribution: metadata.attribution.clone(),
        ..About::default()
    }))
}
