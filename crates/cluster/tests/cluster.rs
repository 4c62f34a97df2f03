//! A catalog made by several processes is the same, byte for byte, as one made by one: in this process through the engine,
//! on two executors of which one is killed, with imagery and exchange in object storage, and after the run itself was
//! killed.

mod hosts;
mod processes;
mod storage;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use clip_rs_catalog::TileId;
use clip_rs_imagery::pmtiles_archive::{self, Described};
use clip_rs_pipeline::index::{HasCells, Request, index};
use clip_rs_pipeline::verify::verify;
use clip_rs_sample::{SampleOptions, generate};
use clip_rs_stage::StageError;
use tempfile::TempDir;

use hosts::{Host, Network};
use processes::{Cluster, Process};
use storage::Storage;

/// What all tests index, and what one process makes of it.
struct Area {
    folder: TempDir,
    alone: BTreeMap<String, Vec<u8>>,
}

impl Area {
    fn tiles(&self) -> PathBuf {
        self.folder.path().join("area")
    }
}

fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/rs-small")
}

fn area() -> &'static Area {
    static AREA: OnceLock<Area> = OnceLock::new();
    AREA.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = SampleOptions { seed: 7, size: 16, ..SampleOptions::default() };
        generate(&folder.path().join("area"), &options, &|_, _| ()).expect("a sample area");
        let request = Request {
            tiles: vec![folder.path().join("area")],
            model: model(),
            out: folder.path().join("alone"),
            scales: vec![SCALE],
            cells: HasCells::Always,
            ..Request::default()
        };
        let indexed = index(&request).expect("a catalog");
        assert!(indexed.items > 256 && indexed.computed > 256, "{indexed:?}");
        let alone = contents(&request.out);
        Area { folder, alone }
    })
}

/// Windows of two tiles a side, which executors put together of neighbours.
const SCALE: f64 = 4.0;

/// All files below a folder.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let walked = clip_rs_stage::files::walk(folder).expect("a folder");
    walked.into_iter().map(|(name, path)| (name, fs::read(path).expect("a file"))).collect()
}

fn assert_same(out: &Path, expected: &BTreeMap<String, Vec<u8>>) {
    let made = contents(out);
    assert_eq!(made.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (name, content) in &made {
        assert!(content == &expected[name], "{name} differs");
    }
}

/// The words of `index` for the area at `tiles`.
fn words(tiles: &str, out: &Path) -> Vec<String> {
    let (model, out, scale) = (model().display().to_string(), out.display().to_string(), SCALE.to_string());
    let imagery = ["index", "--tiles", tiles, "--scales", &scale, "--model", &model];
    let catalog = ["--out", &out, "--cells", "always", "--task", "16", "--tasks", "4"];
    imagery.into_iter().chain(catalog).map(str::to_owned).collect()
}

/// Waits until something holds.
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(120), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn one_process_makes_the_same_catalog_through_the_engine() {
    let (area, out) = (area(), tempfile::tempdir().expect("a temporary folder"));
    let out = out.path().join("catalog");
    let said = Process::start(&words(&area.tiles().display().to_string(), &out), &[]).succeed();
    assert!(said.contains(" 0 embedded now"), "what the engine embedded is embedded again: {said}");
    assert_same(&out, &area.alone);
}

#[test]
fn two_executors_make_it_though_one_is_killed_in_the_middle() {
    let (area, folder) = (area(), tempfile::tempdir().expect("a temporary folder"));
    let out = folder.path().join("catalog");
    let mut cluster = Cluster::start(2, &[]);
    let mut words = words(&area.tiles().display().to_string(), &out);
    words.extend(["--scheduler".to_owned(), cluster.scheduler()]);
    let run = Process::start(&words, &[]);
    let notes = folder.path().join("catalog.work/cluster.json");
    wait_until("the first wave", || notes.is_file());
    cluster.kill(0);
    assert!(run.is_running(), "the executor was killed too late");
    let said = run.succeed();
    assert!(said.contains(" 0 embedded now"), "{said}");
    assert_same(&out, &area.alone);
    assert_eq!(cluster.running(), 1, "the other executor went on");
}

#[test]
fn scheduler_executors_and_run_are_hosts_of_their_own() {
    let (area, folder) = (area(), tempfile::tempdir().expect("a temporary folder"));
    let (_network, hosts) = match Network::of(4) {
        Ok(made) => made,
        Err(why) => return eprintln!("skipped, as this machine has no network namespaces for it: {why}"),
    };
    let [own, scheduler, executors @ ..] = hosts.as_slice() else { panic!("four hosts") };
    let out = folder.path().join("catalog");
    let cluster = Cluster::on(scheduler, executors, &[]);
    let mut words = words(&area.tiles().display().to_string(), &out);
    words.extend(["--scheduler".to_owned(), cluster.scheduler()]);
    let said = Process::on(own, &words, &[]).succeed();
    assert!(said.contains(" 0 embedded now"), "{said}");
    assert_same(&out, &area.alone);
}

#[test]
fn a_run_that_is_killed_goes_on_with_the_waves_that_are_missing() {
    let (area, folder) = (area(), tempfile::tempdir().expect("a temporary folder"));
    let out = folder.path().join("catalog");
    let cluster = Cluster::start(1, &[]);
    let mut words = words(&area.tiles().display().to_string(), &out);
    words.extend(["--scheduler".to_owned(), cluster.scheduler()]);
    let notes = folder.path().join("catalog.work/cluster.json");
    let run = Process::start(&words, &[]);
    wait_until("the first wave", || notes.is_file());
    run.kill();
    assert!(!out.join("catalog.json").exists(), "the run was killed too late");
    // The tables of waves that are done are not read again.
    let exchange = folder.path().join("catalog.work/exchange");
    let parts = subfolder(&exchange, "parts-");
    fs::remove_dir_all(subfolder(&parts, "0-")).expect("the first table");
    let said = Process::start(&words, &[]).succeed();
    assert!(said.contains(" 0 embedded now"), "{said}");
    assert_same(&out, &area.alone);
    let tables = clip_rs_stage::files::walk(&parts).expect("tables of parts");
    assert!(!tables.is_empty(), "no wave was missing");
    assert!(tables.iter().all(|(name, _)| !name.starts_with("0-")), "the first wave was asked for again");
}

/// The one folder in `folder` whose name begins so.
fn subfolder(folder: &Path, start: &str) -> PathBuf {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let begins =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start));
    let mut found: Vec<_> = entries.filter(begins).collect();
    assert_eq!(found.len(), 1, "{start}: {found:?}");
    found.pop().expect("the one")
}

#[test]
fn imagery_and_exchange_lie_in_object_storage() {
    let (area, folder) = (area(), tempfile::tempdir().expect("a temporary folder"));
    let storage = Storage::serve(&["imagery", "exchange"]);
    storage.put_folder("imagery", "county", &area.tiles());
    let out = folder.path().join("catalog");
    let access = storage.environment();
    let cluster = Cluster::start(1, &access);
    let mut words = words("s3://imagery/county", &out);
    let addresses = area.tiles().join("addresses.csv").display().to_string();
    words.extend(
        ["--scheduler", &cluster.scheduler(), "--exchange", "s3://exchange/run", "--addresses", &addresses]
            .map(str::to_owned),
    );
    let said = Process::start(&words, &access).succeed();
    assert!(said.contains(" 0 embedded now"), "{said}");
    assert_same(&out, &area.alone);
    // Without the keys nothing is read, and it is said of what.
    let refused = Process::start(&words, &storage.environment_of_a_stranger()).fail();
    assert!(refused.contains("s3://"), "{refused}");
    assert!(!refused.contains(storage::SECRET), "{refused}");
}

#[test]
fn an_archive_in_object_storage_is_read_as_the_same_file_is() {
    let (area, folder) = (area(), tempfile::tempdir().expect("a temporary folder"));
    let archive = folder.path().join("county.pmtiles");
    write_archive(&area.tiles().join("tiles"), &archive);
    let out = |name: &str| folder.path().join(name);
    Process::start(&words(&archive.display().to_string(), &out("from-file")), &[]).succeed();
    let storage = Storage::serve(&["imagery"]);
    storage.put("imagery", "maps/county.pmtiles", &archive);
    let from_storage = words("s3://imagery/maps/county.pmtiles", &out("from-storage"));
    Process::start(&from_storage, &storage.environment()).succeed();
    assert_same(&out("from-storage"), &contents(&out("from-file")));
    let missing = words("s3://imagery/maps/country.pmtiles", &out("nothing"));
    let refused = Process::start(&missing, &storage.environment()).fail();
    assert!(refused.contains("country.pmtiles"), "{refused}");
}

/// Writes the tiles of a folder as an archive.
fn write_archive(folder: &Path, out: &Path) {
    let mut tiles: Vec<(TileId, Vec<u8>)> = Vec::new();
    for (name, content) in contents(folder) {
        let tile = name.rsplit_once('.').and_then(|(tile, _)| tile.parse().ok());
        tiles.push((tile.expect("a tile's name"), content));
    }
    tiles.sort_by_key(|(tile, _)| pmtiles_archive::position(*tile));
    let zooms = tiles.iter().map(|(tile, _)| tile.z());
    let zooms = (zooms.clone().min().expect("tiles"), zooms.max().expect("tiles"));
    let about = serde_json::json!({ "name": "County" });
    let described = Described { kind: None, zooms, bounds: None, about };
    let fill = |archive: &mut pmtiles_archive::Tiles<'_>| {
        tiles.iter().try_for_each(|(tile, content)| archive.add(*tile, content))
    };
    pmtiles_archive::write::<(), StageError>(out, described, fill).expect("an archive");
}

#[test]
fn a_catalog_is_put_into_object_storage_whole_once_and_beside_nobody_elses() {
    let area = area();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("catalog");
    let storage = Storage::serve(&["maps"]);
    let publish = |words: &[String], to: &str| {
        Process::start(&[words, &["--publish".to_owned(), to.to_owned()]].concat(), &storage.environment())
    };
    let words = words(area.tiles().to_str().expect("Unicode"), &out);
    publish(&words, "s3://maps/a/county").succeed();
    // All but the compressed copies, which storage cannot choose between.
    let plain = |folder: &Path| {
        let mut files = contents(folder);
        files.retain(|name, _| ![".br", ".gz"].iter().any(|ending| name.ends_with(ending)));
        files
    };
    let published = storage.path("maps", "a/county");
    assert!(plain(&out).len() > 100 && contents(&published) == plain(&out));
    assert_eq!(verify(&published).expect("checked").faults, []);

    // Again, changed: what is there stays, and the former edition with it.
    let before = contents(&published);
    let renamed = [words.as_slice(), &["--title".to_owned(), "Another title".to_owned()]].concat();
    let said = publish(&renamed, "s3://maps/a/county").succeed();
    assert!(said.contains(" 0 files written") || said.contains(" 1 files written"), "{said}");
    let after = contents(&published);
    assert!(before.keys().all(|name| after.contains_key(name)));
    assert_ne!(before["catalog.json"], after["catalog.json"]);

    let notes = folder.path().join("notes.json");
    fs::write(&notes, "{}").expect("a file");
    storage.put("maps", "theirs/catalog.json", &notes);
    let refused = publish(&words, "s3://maps/theirs").fail();
    assert!(refused.contains("no catalog's") && !refused.contains(storage::SECRET), "{refused}");
    assert_eq!(contents(&storage.path("maps", "theirs")).len(), 1);
}

#[test]
fn an_executor_that_finds_other_imagery_says_so() {
    let (area, folder) = (area(), tempfile::tempdir().expect("a temporary folder"));
    let away = tempfile::tempdir().expect("a temporary folder");
    // A folder that changes between the run's look and the executor's.
    let tiles = away.path().join("tiles");
    copy(&area.tiles().join("tiles"), &tiles);
    let cluster = Cluster::start(0, &[]);
    let mut words = words(&tiles.display().to_string(), &folder.path().join("catalog"));
    words.extend(["--scheduler".to_owned(), cluster.scheduler()]);
    let run = Process::start(&words, &[]);
    let exchange = folder.path().join("catalog.work/exchange");
    let asked = || {
        clip_rs_stage::files::walk(&exchange)
            .is_ok_and(|names| names.iter().any(|(name, _)| name.contains("parts-")))
    };
    wait_until("the first table", asked);
    let (_, tile) = clip_rs_stage::files::walk(&tiles).expect("tiles").pop().expect("a tile");
    fs::remove_file(tile).expect("a tile less");
    let _executor = cluster.executor(&Host::local(), &[]);
    let refused = run.fail();
    assert!(refused.contains("other imagery"), "{refused}");
}

fn copy(from: &Path, to: &Path) {
    for (name, path) in clip_rs_stage::files::walk(from).expect("a folder") {
        let target = to.join(name);
        fs::create_dir_all(target.parent().expect("a parent")).expect("a folder");
        fs::copy(path, target).expect("a copy");
    }
}
