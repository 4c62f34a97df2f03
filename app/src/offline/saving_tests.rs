//! Saving with a store in memory and a server that counts: ended at every write, updated, damaged.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use clip_rs_catalog::{
    Bounds, FileRef, ImageKind, ListedFile, ListedTile, ModelRef, Page, Shard, TileId, TileListing, TileSet,
};
use futures::executor::block_on;

use super::*;

/// What is kept, and how many more writes succeed.
#[derive(Default, Clone)]
struct Memory {
    files: Rc<RefCell<HashMap<String, Vec<u8>>>>,
    left: Rc<Cell<Option<usize>>>,
}

impl Memory {
    fn change(&self, change: impl FnOnce(&mut HashMap<String, Vec<u8>>)) -> Result<(), StoreError> {
        match self.left.get() {
            Some(0) => return Err(StoreError::Full),
            Some(left) => self.left.set(Some(left - 1)),
            None => {}
        }
        change(&mut self.files.borrow_mut());
        Ok(())
    }
}

impl Store for Memory {
    async fn names(&self) -> Result<HashSet<String>, StoreError> {
        Ok(self.files.borrow().keys().cloned().collect())
    }
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.files.borrow().get(name).cloned())
    }
    async fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.change(|files| drop(files.insert(name.to_owned(), bytes.to_vec())))
    }
    async fn join(&self, parts: &[String], name: &str) -> Result<(), StoreError> {
        let whole = parts.iter().flat_map(|part| self.files.borrow()[part].clone()).collect();
        self.change(|files| drop(files.insert(name.to_owned(), whole)))
    }
    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.change(|files| drop(files.remove(name)))
    }
}

/// A server that writes down what it is asked for.
#[derive(Default, Clone)]
struct Server {
    files: Rc<RefCell<HashMap<String, Vec<u8>>>>,
    asked: Rc<RefCell<Vec<String>>>,
    gives_parts: bool,
}

impl Server {
    fn get(&self, path: &str) -> Result<Vec<u8>, LoadError> {
        let missing = || LoadError::Status { name: path.to_owned(), status: 404 };
        self.files.borrow().get(path).cloned().ok_or_else(missing)
    }
}

impl Network for Server {
    async fn file(&self, wanted: &Wanted) -> Result<Vec<u8>, LoadError> {
        self.asked.borrow_mut().push(wanted.path.clone());
        let bytes = self.get(&wanted.path)?;
        wanted.check(&bytes)?;
        Ok(bytes)
    }
    async fn part(&self, wanted: &Wanted, first: u64, last: u64) -> Result<Got, LoadError> {
        let bytes = self.get(&wanted.path)?;
        if !self.gives_parts {
            self.asked.borrow_mut().push(wanted.path.clone());
            return Ok(Got::Whole(bytes));
        }
        self.asked.borrow_mut().push(part_name(&wanted.path, first));
        Ok(Got::Part(bytes[first as usize..=last as usize].to_vec()))
    }
}

struct Area {
    server: Server,
    manifest: Manifest,
    text: String,
}

/// A catalog of a text tower of two parts and a half, and the tiles of two zooms; `edition` is in each tile of the deeper one.
fn area(edition: u8, gives_parts: bool) -> Area {
    let server = Server { gives_parts, ..Server::default() };
    let mut files = Vec::new();
    let mut file = |content: &[u8], stem: &str| {
        let file = FileRef::of(content, stem, "bin");
        server.files.borrow_mut().insert(file.name.clone(), content.to_vec());
        files.push(file.clone());
        file.name
    };
    let tower: Vec<u8> = (0..PART_BYTES as usize * 5 / 2).map(|at| (at / 7) as u8).collect();
    let model = ModelRef {
        name: "m".into(),
        embed_dim: 1,
        config: file(b"{}", "model"),
        text: file(&tower, "text"),
        image: file(b"image", "image"),
        tokenizer: file(b"words", "vocabulary"),
    };
    let mut tiles = Vec::new();
    let folder = format!("tiles-{edition:016x}");
    for (zoom, x, y) in [(3, 4, 4), (4, 8, 8), (4, 9, 8), (4, 8, 9), (4, 9, 9)] {
        let (tile, content) = (TileId::new(zoom, x, y).unwrap(), [zoom, x as u8, y as u8, edition]);
        let listed = ListedTile { tile, kind: ImageKind::Jpeg, file: ListedFile::of(&content, 0).unwrap() };
        server.files.borrow_mut().insert(format!("{folder}/{}", listed.path()), content.to_vec());
        tiles.push(listed);
    }
    let listing = file(&TileListing::new(tiles).unwrap().to_bytes().unwrap(), "listing");
    let page = Page { first: "3/4/4".into(), file: listing };
    let tiles = TileSet {
        folders: vec![folder],
        kinds: vec![ImageKind::Jpeg],
        minzoom: 3,
        maxzoom: 4,
        zoom: 4,
        tile_size: 256,
        count: 5,
        listing: vec![page],
    };
    let shard = Shard {
        count: 1,
        bounds: None,
        centroid: vec![1.0],
        index: file(&[edition, 1], "index"),
        items: file(&[edition, 2], "items"),
        details: vec![file(&[edition, 3], "details")],
        page_rows: 1,
    };
    let manifest = Manifest {
        format: 2,
        id: "a".into(),
        title: "An area".into(),
        attribution: String::new(),
        licence: String::new(),
        synthetic: true,
        bounds: None,
        captured: None,
        tiles: Some(tiles),
        pictures: None,
        model,
        shards: vec![shard],
        cells: None,
        files: files.into(),
        examples: Vec::new(),
        digest: format!("{edition}"),
    };
    Area { server, manifest, text: format!("manifest {edition}") }
}

fn saving(store: &Memory, server: &Server) -> Saving<Memory, Server> {
    Saving { store: store.clone(), network: server.clone(), progress: Rc::default() }
}

fn save(store: &Memory, area: &Area, part: &Part) -> Result<Progress, SaveError> {
    let saving = saving(store, &area.server);
    block_on(saving.save(&area.text, &area.manifest, part, "now"))?;
    Ok(saving.progress.get())
}

/// What should be kept of an area: its files, its manifest and what is said of it.
fn assert_kept(store: &Memory, area: &Area, what: &str) {
    let mut expected = area.server.files.borrow().clone();
    expected.insert(MANIFEST_NAME.to_owned(), area.text.clone().into_bytes());
    let mut kept = store.files.borrow().clone();
    let record: Record = serde_json::from_slice(&kept.remove(RECORD).expect("a record")).unwrap();
    assert_eq!(record.begun, None, "{what}");
    assert_eq!(record.whole.map(|whole| whole.digest), Some(area.manifest.digest.clone()), "{what}");
    let names = |files: &HashMap<String, Vec<u8>>| {
        let mut names: Vec<String> = files.keys().cloned().collect();
        names.sort();
        names
    };
    assert_eq!(names(&kept), names(&expected), "{what}");
    assert!(kept == expected, "{what}: some content differs");
}

#[test]
fn everything_is_kept_and_every_byte_is_counted() {
    for gives_parts in [true, false] {
        let (store, area) = (Memory::default(), area(1, gives_parts));
        let size = block_on(saving(&store, &area.server).size(&area.manifest, &Part::default())).unwrap();
        let progress = save(&store, &area, &Part::default()).unwrap();
        assert_kept(&store, &area, "saved");
        let bytes: usize = area.server.files.borrow().values().map(Vec::len).sum();
        assert_eq!((size.files, size.bytes), (area.server.files.borrow().len() as u64, bytes as u64));
        assert_eq!((size.missing_files, size.missing_bytes), (size.files, size.bytes));
        let whole =
            Progress { files: size.files, of_files: size.files, bytes: size.bytes, of_bytes: size.bytes };
        assert_eq!(progress, whole, "parts: {gives_parts}");
    }
}

#[test]
fn a_saving_that_ends_at_any_write_goes_on_without_fetching_anything_twice() {
    let area = area(1, true);
    let whole = Memory::default();
    save(&whole, &area, &Part::default()).unwrap();
    let needed = area.server.asked.borrow().len();
    for end in 0.. {
        area.server.asked.borrow_mut().clear();
        let store = Memory::default();
        store.left.set(Some(end));
        let ended = save(&store, &area, &Part::default());
        store.left.set(None);
        let is_begun = store.files.borrow().contains_key(RECORD);
        assert!(!store.files.borrow().contains_key(MANIFEST_NAME) || is_begun);
        let size = block_on(saving(&store, &area.server).size(&area.manifest, &Part::default())).unwrap();
        let progress = save(&store, &area, &Part::default()).unwrap();
        assert_kept(&store, &area, &format!("after {end} writes"));
        assert_eq!((progress.files, progress.bytes), (size.files, size.bytes), "after {end} writes");
        // What was on its way when the room ended, and the listing, were not kept.
        let again = area.server.asked.borrow().len() - needed;
        assert!(again <= AT_A_TIME + 2, "after {end} writes {again} files were fetched again");
        match ended {
            Ok(_) => return,
            Err(error) => assert_eq!(error, SaveError::Store(StoreError::Full)),
        }
    }
}

#[test]
fn a_newer_edition_fetches_what_changed_and_takes_away_the_rest() {
    let (store, old, new) = (Memory::default(), area(1, true), area(2, true));
    save(&store, &old, &Part::default()).unwrap();
    // While it is on its way the old one stays whole.
    store.left.set(Some(3));
    save(&store, &new, &Part::default()).unwrap_err();
    store.left.set(None);
    let kept: HashSet<String> = block_on(store.names()).unwrap();
    assert!(old.server.files.borrow().keys().all(|name| kept.contains(name)));
    assert_eq!(block_on(store.read(MANIFEST_NAME)).unwrap(), Some(b"manifest 1".to_vec()));
    save(&store, &new, &Part::default()).unwrap();
    assert_kept(&store, &new, "updated");
    assert!(
        !new.server.asked.borrow().iter().any(|path| path.starts_with("text")),
        "the model did not change"
    );
}

#[test]
fn a_part_is_what_touches_the_area_in_the_zooms_and_all_that_is_searched() {
    let (store, area) = (Memory::default(), area(1, true));
    let tile = TileId::new(4, 9, 9).unwrap().bounds();
    let middle = tile.centre();
    let inside = Bounds::new(middle.lng(), middle.lat(), middle.lng() + 0.1, middle.lat() + 0.1).unwrap();
    let tiles = |store: &Memory| {
        let names = block_on(store.names()).unwrap();
        let mut tiles: Vec<String> = names
            .iter()
            .filter_map(|name| Some(name.strip_prefix("tiles-0000000000000001/")?.to_owned()))
            .collect();
        tiles.sort();
        tiles
    };
    save(&store, &area, &Part { area: Some(inside), zooms: None }).unwrap();
    assert_eq!(tiles(&store), ["3/4/4.jpg", "4/9/9.jpg"]);
    save(&store, &area, &Part { area: Some(inside), zooms: Some((4, 4)) }).unwrap();
    assert_eq!(tiles(&store), ["4/9/9.jpg"]);
    assert!(store.files.borrow().contains_key(&area.manifest.model.image));
}

#[test]
fn what_is_damaged_is_found_named_taken_away_and_mended_by_saving_again() {
    let (store, area) = (Memory::default(), area(1, true));
    save(&store, &area, &Part::default()).unwrap();
    let tile = "tiles-0000000000000001/4/8/9.jpg";
    store.files.borrow_mut().insert(tile.to_owned(), b"other".to_vec());
    store.files.borrow_mut().remove(&area.manifest.model.text);
    let (whole, lacking, count) =
        block_on(saving(&store, &area.server).check(&area.manifest, &Part::default())).unwrap();
    assert_eq!(lacking, [area.manifest.model.text.clone(), tile.to_owned()]);
    assert_eq!((whole, count), (area.server.files.borrow().len() as u64 - 2, 2));
    save(&store, &area, &Part::default()).unwrap();
    assert_kept(&store, &area, "mended");
}

#[test]
fn a_large_file_that_arrives_damaged_is_an_error_and_leaves_no_parts() {
    let (store, area) = (Memory::default(), area(1, true));
    let text = area.manifest.model.text.clone();
    if let Some(byte) = area.server.files.borrow_mut().get_mut(&text).and_then(|bytes| bytes.last_mut()) {
        *byte ^= 1;
    }
    let error = save(&store, &area, &Part::default()).unwrap_err();
    assert!(matches!(&error, SaveError::Load(LoadError::Damaged(_))), "{error}");
    assert!(
        !block_on(store.names()).unwrap().iter().any(|name| name.starts_with(&text)),
        "a second attempt starts anew"
    );
}
