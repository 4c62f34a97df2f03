//! What a pack says of itself: `pack.json` for this program, `README.txt` for people.

use std::fs;
use std::io;
use std::path::Path;

use clip_rs_catalog::{Digest, ListedCatalog, Manifest};
use clip_rs_page::given::Placed;
use clip_rs_stage::{StageError, files};
use serde::{Deserialize, Serialize};
use time::Date;

/// The file by which a pack is known.
pub const MARKER_NAME: &str = "pack.json";
/// The file that people read.
pub const README_NAME: &str = "README.txt";

/// The form of `pack.json`.
const FORMAT: u32 = 1;
/// Files that systems put into folders that somebody looks at; nobody misses them.
const DROPPINGS: [&str; 3] = [".DS_Store", "Thumbs.db", "desktop.ini"];

/// `pack.json`: what a pack holds, and that it is one of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The form of this file.
    pub format: u32,
    /// Short name of the page's own catalog.
    pub catalog: String,
    /// Its area's name as people read it.
    pub title: String,
    /// The day on which it was packed (UTC, ISO 8601).
    pub date: String,
    /// Items that a search can find, of all catalogs.
    pub items: usize,
    /// Tiles or pictures.
    pub pictures: usize,
    /// Files of the pack but this one.
    pub files: usize,
    /// Their length together, bytes.
    pub bytes: u64,
    /// Digest of their names and lengths ([`Tally`]): whether anything was added or taken away since.
    pub names: Digest,
}

/// How many files there are, how long they are together, and which: the exclusive or of a SHA-256 for each, of its path, a
/// zero and its length in decimal digits, so that their order does not matter.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    files: usize,
    bytes: u64,
    names: [u8; 32],
}

impl Tally {
    /// Counts the file at `path`, relative to the pack and with slashes.
    pub fn add(&mut self, path: &str, bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        let digest = Digest::of(format!("{path}\0{bytes}").as_bytes());
        self.names.iter_mut().zip(digest.as_bytes()).for_each(|(sum, byte)| *sum ^= byte);
    }

    /// Counts all files below `folder` but the marker. Links are counted as such and not followed.
    fn of_folder(folder: &Path) -> Result<Self, StageError> {
        let mut tally = Self::default();
        tally.add_folder(folder, "")?;
        Ok(tally)
    }

    fn add_folder(&mut self, folder: &Path, prefix: &str) -> Result<(), StageError> {
        for (name, path) in files::entries(folder)? {
            let about = fs::symlink_metadata(&path).map_err(StageError::io("read", &path))?;
            let relative = format!("{prefix}{name}");
            if about.is_dir() {
                self.add_folder(&path, &format!("{relative}/"))?;
            } else if relative != MARKER_NAME && !DROPPINGS.contains(&name.as_str()) {
                self.add(&relative, about.len());
            }
        }
        Ok(())
    }
}

impl Marker {
    /// What a pack with these catalogs, the page's own first, made on `date` of these files, says.
    pub fn of<'a>(manifests: impl Iterator<Item = &'a Manifest> + Clone, date: Date, tally: &Tally) -> Self {
        let pictures = |manifest: &Manifest| {
            let tiles = manifest.tiles.as_ref().map(|tiles| tiles.count);
            let pictures = manifest.pictures.as_ref().map(|pictures| pictures.count);
            tiles.or(pictures).unwrap_or_default()
        };
        let own = manifests.clone().next();
        Self {
            format: FORMAT,
            catalog: own.map(|own| own.id.clone()).unwrap_or_default(),
            title: own.map(|own| own.title.clone()).unwrap_or_default(),
            date: date.to_string(),
            items: manifests.clone().map(Manifest::count).sum(),
            pictures: manifests.map(pictures).sum(),
            files: tally.files,
            bytes: tally.bytes,
            names: Digest::from_bytes(tally.names),
        }
    }

    /// The text of `pack.json`.
    pub fn to_json(&self) -> String {
        // Numbers and texts can always be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Reads `pack.json`; none if it is not one of this form.
    pub fn from_json(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok().filter(|marker: &Self| marker.format == FORMAT)
    }

    /// What the folder says of itself if it is a pack, and what is in it.
    pub fn of_folder(folder: &Path) -> Result<Option<(Self, Tally)>, StageError> {
        let path = folder.join(MARKER_NAME);
        let marker = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            read => Self::from_json(&read.map_err(StageError::io("read", &path))?),
        };
        marker.map(|marker| Ok((marker, Tally::of_folder(folder)?))).transpose()
    }

    /// Whether these are the files that were packed.
    pub fn has(&self, tally: &Tally) -> bool {
        (self.files, self.bytes, self.names.as_bytes()) == (tally.files, tally.bytes, &tally.names)
    }
}

/// The text of `README.txt`.
pub fn readme<'a>(
    packed: impl Iterator<Item = (&'a Placed, &'a Manifest)> + Clone,
    elsewhere: &[ListedCatalog],
    date: Date,
) -> String {
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let titles: Vec<String> =
        packed.clone().map(|(_, manifest)| format!("\"{}\"", line(&manifest.title))).collect();
    let is_synthetic = packed.clone().any(|(_, manifest)| manifest.synthetic);
    let synthetic = match (is_synthetic, titles.len()) {
        (false, _) => "",
        (true, 1) => " The imagery is synthetic: it shows no real place.",
        (true, _) => " Some of the imagery is synthetic: it shows no real place.",
    };
    let given = packed.clone().map(|(Placed { path, .. }, _)| match path.split_once('/') {
        Some((_, name)) => format!(" --catalog {name}={path}"),
        None => format!(" --catalog {path}"),
    });
    // A title may hold anything that a shell understands.
    let others = elsewhere.iter().map(|listed| format!(" --catalog-from '{}'", listed.url));
    let words: String = given.chain(others).collect();
    let imagery = packed.map(|(_, Manifest { attribution, licence, .. })| {
        format!("Imagery: {} ({}).\n", line(attribution), line(licence))
    });
    format!(
        "CLIP-RS: search {} in words or by a picture, in the browser alone. Packed on {date}.{synthetic}\n\
         On this computer: run `python3 -m http.server --bind 127.0.0.1 8080` in this folder, open http://127.0.0.1:8080/\n\
         For phones too: run `clip-rs-server{words} --app . --bind 0.0.0.0:8080` here and open what it prints.\n\
         Opening index.html from the disk does not work: browsers refuse workers there, and the search runs in one.\n\
         {}",
        titles.join(", "),
        imagery.collect::<String>(),
    )
}
