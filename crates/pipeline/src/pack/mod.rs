//! One folder, or one zip file, that holds the page with its catalogs and works from any static server: what is carried on a
//! stick, or put on a laptop that hands it to a team's phones.
//!
//! Only what a catalog's current `catalog.json` names is packed, and each file's digest is checked while it is copied.
//! The pack is put together beside its place and moved there when it is whole; an earlier pack is replaced then.
//!
//! | in the pack | what it is |
//! |---|---|
//! | `index.html` and what is beside it | the page, as `cargo xtask dist` made it |
//! | `catalog/` | the page's own catalog |
//! | `catalogs/NAME/` | each other one |
//! | `catalogs.json` | which catalogs the page may show |
//! | `README.txt` | how to serve it, for whoever finds the folder |
//! | `pack.json` | what this is, by which an earlier pack is known ([`Marker`]) |

mod archive;
mod contents;
mod folder;
mod made;
mod marker;
mod place;
mod source;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clip_rs_catalog::{ListedCatalog, MANIFEST_NAME, Origin};
use clip_rs_page::given::Placed;
use clip_rs_stage::progress::Progress;
use clip_rs_stage::{StageError, files};
use time::OffsetDateTime;

use archive::Archive;
use contents::Contents;
use folder::Folder;
use marker::{MARKER_NAME, README_NAME, Tally};
use place::Place;
use source::Source;

pub use marker::Marker;

/// The file that the page is.
const PAGE: &str = "index.html";

/// What to pack.
#[derive(Debug, Clone)]
pub struct Request {
    /// The catalogs' folders, the page's own first.
    pub catalogs: Vec<Placed>,
    /// Catalogs of other origins that the page may show.
    pub elsewhere: Vec<ListedCatalog>,
    /// The built page's folder.
    pub app: PathBuf,
    /// The pack's folder, or its file if the name ends in `.zip`.
    pub out: PathBuf,
}

/// What was packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// What the pack says of itself.
    pub marker: Marker,
    /// Whether it took an earlier pack's place.
    pub replaced: bool,
}

/// Takes files in one after the other.
trait Sink {
    /// Puts a file of `bytes` bytes, no more, at `path`: relative, with slashes, and not put before.
    fn put(&mut self, path: &str, bytes: u64, content: &mut dyn Read) -> io::Result<()>;

    /// Waits until all files are on the disk.
    fn finish(self: Box<Self>) -> Result<(), StageError>;
}

/// Packs catalogs with the page.
///
/// Fails, and leaves what was at `out`, when a file of a catalog is not what it should be, when `app` has no page, and
/// when there is anything at `out` but an earlier pack that nobody has changed.
pub fn pack(request: &Request) -> Result<Packed, StageError> {
    check_apart(request)?;
    let place = Place::take(&request.out)?;
    // So that nothing that is being packed is pruned meanwhile.
    let lock = |placed: &Placed| files::lock_folder(&placed.folder);
    let _locks = request.catalogs.iter().map(lock).collect::<Result<Vec<_>, _>>()?;
    let origins: Vec<Origin> = request.elsewhere.iter().filter_map(|listed| listed.url.origin()).collect();
    let mut made = made::reading(&request.app, &origins)?;
    let contents = Contents::open(request, &made)?;
    made.push(made::list(contents.manifests(), &request.elsewhere)?);
    let now = OffsetDateTime::now_utc();
    let mut sink: Box<dyn Sink> = match place.is_archive() {
        true => {
            let id = contents.manifests().next().map_or("clip-rs", |(_, manifest)| manifest.id.as_str());
            Box::new(Archive::create(place.fresh(), place.plain_stem(id), now)?)
        }
        false => Box::new(Folder::new(place.fresh())),
    };
    let mut tally = Tally::default();
    let progress = Progress::start("Packing", contents.count()?);
    contents.each(&mut |path, source| {
        tally.add(path, copy(source, path, sink.as_mut())?);
        progress.advance(1);
        Ok(())
    })?;
    made.push((README_NAME.to_owned(), marker::readme(contents.manifests(), &request.elsewhere, now.date())));
    made.iter().for_each(|(name, text)| tally.add(name, text.len() as u64));
    let marker = Marker::of(contents.manifests().map(|(_, manifest)| manifest), now.date(), &tally);
    made.push((MARKER_NAME.to_owned(), marker.to_json()));
    for (name, text) in made {
        let put = sink.put(&name, text.len() as u64, &mut text.as_bytes());
        put.map_err(StageError::io("write", request.out.join(&name)))?;
    }
    progress.finish();
    sink.finish()?;
    let replaced = place.fill()?;
    Ok(Packed { marker, replaced })
}

/// Copies a file into the pack, and checks that it was what it should be. Returns its length in bytes.
fn copy(mut source: Source<'_>, path: &str, sink: &mut dyn Sink) -> Result<u64, StageError> {
    let bytes = source.length();
    let put = sink.put(path, bytes, &mut source);
    put.map_err(StageError::io("copy", source.path()))?;
    source.check()?;
    Ok(bytes)
}

/// A pack inside of what is packed would be packed with it the next time.
fn check_apart(Request { catalogs, app, out, .. }: &Request) -> Result<(), StageError> {
    let catalogs = || catalogs.iter().map(|placed| &placed.folder);
    if let Some(catalog) = catalogs().find(|catalog| !catalog.join(MANIFEST_NAME).is_file()) {
        let why = format!("it has no {MANIFEST_NAME}; make a catalog with `clip-rs index`");
        return Err(StageError::content(catalog, why));
    }
    if !app.join(PAGE).is_file() {
        return Err(StageError::content(
            app,
            format!("it has no {PAGE}; build the page with `cargo xtask dist`"),
        ));
    }
    let whole = |path: &Path| path.canonicalize().map_err(StageError::io("find", path));
    // The part of the way to `out` that is there already.
    let absolute = std::path::absolute(out).map_err(StageError::io("find", out))?;
    let there = absolute.ancestors().find(|above| above.exists()).unwrap_or(&absolute);
    let target = whole(there)?;
    for (what, folder) in catalogs().map(|catalog| ("catalog", catalog)).chain([("page", app)]) {
        let folder = whole(folder)?;
        if target.starts_with(&folder) || (there == absolute && folder.starts_with(&target)) {
            let why = format!("the {what} that is packed lies there too; choose another place for the pack");
            return Err(StageError::content(out, why));
        }
    }
    Ok(())
}
