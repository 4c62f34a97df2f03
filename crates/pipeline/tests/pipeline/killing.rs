//! `index` and `prune`, killed or refused by the system at every step that changes a folder, and run again: the result is
//! the same, byte for byte. The steps are counted and interrupted by strace; without it the tests say so and check nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use clip_rs_catalog::MANIFEST_NAME;
use clip_rs_pipeline::index::{Request, index};
use clip_rs_pipeline::prune::GRACE;
use clip_rs_pipeline::verify::verify;

use crate::support::{clip_rs, copy_folder, model, request, save, snapshot};

/// The calls that change a folder; each of them is interrupted.
const STEPS: [&str; 6] =
    ["write", "fsync", "rename,renameat,renameat2", "unlink,unlinkat", "rmdir", "mkdir,mkdirat"];
/// The last of the descriptors that are no files: input, output and errors.
const STANDARD_ERROR: u32 = 2;

/// Where a command is interrupted.
#[derive(Debug, Clone, Copy)]
struct Point {
    /// At the how manieth call of its kind by one thread.
    n: usize,
    /// Whether every thread's calls count, else only the first's.
    followed: bool,
}

/// A folder with tiles and a catalog, and what is done to it.
struct Scene {
    template: tempfile::TempDir,
    command: &'static str,
    /// The catalog's files after an undisturbed run.
    expected: BTreeMap<String, Vec<u8>>,
}

impl Scene {
    /// `prepare` fills the folder.
    fn new(command: &'static str, prepare: impl Fn(&Path)) -> Self {
        let template = tempfile::tempdir().expect("temporary folder");
        prepare(template.path());
        let mut scene = Self { template, command, expected: BTreeMap::new() };
        let copy = scene.copy();
        let done = clip_rs(scene.args(copy.path()));
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        scene.expected = snapshot(&copy.path().join("catalog"));
        scene
    }

    /// A copy to be disturbed. What is superseded in it is older than the grace period.
    fn copy(&self) -> tempfile::TempDir {
        let copy = tempfile::tempdir().expect("temporary folder");
        copy_folder(self.template.path(), copy.path());
        let catalog = copy.path().join("catalog");
        for entry in fs::read_dir(&catalog).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("catalog.") && name != MANIFEST_NAME {
                let file = fs::File::options().write(true).open(entry.path()).expect("open");
                file.set_modified(SystemTime::now() - 2 * GRACE).expect("a time");
            }
        }
        copy
    }

    fn args(&self, folder: &Path) -> Vec<PathBuf> {
        let catalog = folder.join("catalog");
        if self.command == "prune" {
            return vec!["prune".into(), catalog, "--keep".into(), "7".into()];
        }
        let tiles = folder.join("tiles");
        vec!["index".into(), "--tiles".into(), tiles, "--model".into(), model(), "--out".into(), catalog]
    }

    /// Runs the command under strace with these words more.
    fn traced(&self, folder: &Path, words: &[String]) -> Output {
        let mut command = Command::new("strace");
        command.args(["-q", "-o"]).arg(folder.join("trace")).args(words);
        command.arg(env!("CARGO_BIN_EXE_clip-rs")).args(self.args(folder));
        command.env("RAYON_NUM_THREADS", "1").output().expect("strace starts")
    }

    /// Every place where calls of these kinds can be interrupted. Of threads other than the first, those that are the
    /// first to make so many calls: strace counts each thread's by themselves and takes whichever gets there first.
    fn points(&self, calls: &str) -> Vec<Point> {
        let copy = self.copy();
        let done = self.traced(copy.path(), &["-f".into(), "-e".into(), format!("trace=execve,{calls}")]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let trace = fs::read_to_string(copy.path().join("trace")).expect("a trace");
        // The first thread is the one that became the command.
        let first_thread = trace.split_whitespace().next().expect("a line");
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let mut reached: BTreeSet<(&str, usize)> = BTreeSet::new();
        let mut points = Vec::new();
        for line in trace.lines() {
            let Some((thread, rest)) = line.split_once(char::is_whitespace) else { continue };
            let Some((call, arguments)) = rest.trim_start().split_once('(') else { continue };
            if !calls.split(',').any(|one| one == call) {
                continue;
            }
            let count = counts.entry((thread, call)).or_default();
            *count += 1;
            let (n, is_first) = (*count, thread == first_thread);
            let is_new = reached.insert((call, n));
            if !is_said(call, arguments) && (is_first || is_new) {
                points.push(Point { n, followed: !is_first });
            }
        }
        points
    }

    /// Interrupts a call of these kinds.
    fn disturb(&self, calls: &str, fault: &str, Point { n, followed }: Point) {
        let threads = if followed { "any thread" } else { "first thread" };
        let what = format!("{} with {fault} at {calls} {n}, {threads}", self.command);
        let copy = self.copy();
        let catalog = copy.path().join("catalog");
        let mut words = vec![
            "-e".into(),
            format!("trace={calls}"),
            "-e".into(),
            format!("inject={calls}:{fault}:when={n}"),
        ];
        words.extend(followed.then(|| "-f".to_owned()));
        let output = self.traced(copy.path(), &words);
        if fault.starts_with("error") {
            refused(&output, &what);
        } else {
            assert!(!output.status.success(), "{what}: it was not killed");
        }
        if catalog.join(MANIFEST_NAME).exists() {
            assert_eq!(verify(&catalog).expect("checked").faults, [], "{what}");
        }
        let again = clip_rs(self.args(copy.path()));
        assert!(again.status.success(), "{what}: {}", String::from_utf8_lossy(&again.stderr));
        let found = snapshot(&catalog);
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&found), names(&self.expected), "{what}");
        assert!(found == self.expected, "{what}: the same names with other content");
    }
}

/// Whether a call writes to the terminal, not to a file.
fn is_said(call: &str, arguments: &str) -> bool {
    let descriptor = arguments.split(',').next().and_then(|first| first.parse::<u32>().ok());
    call == "write" && descriptor.is_some_and(|descriptor| descriptor <= STANDARD_ERROR)
}

/// An error of the system is told in a sentence, unless it was one that does not matter.
fn refused(output: &Output, what: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        assert_eq!(output.status.code(), Some(1), "{what}: {said}");
        assert!(said.lines().any(|line| line.starts_with("clip-rs: cannot ")), "{what}: {said}");
        assert!(said.contains("No space left on device"), "{what}: {said}");
    }
}

fn has_strace() -> bool {
    let found = Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("SKIPPED: strace is not there, so nothing is killed");
    }
    found
}

/// Three tiles.
fn tiles(folder: &Path) {
    for (seed, (x, y)) in [(4700, 6267), (4701, 6267), (4700, 6268)].into_iter().enumerate() {
        save(&folder.join(format!("tiles/14/{x}/{y}.jpg")), seed as u64);
    }
}

/// Three tiles with a catalog that was updated once, so that there are superseded files.
fn updated(folder: &Path) {
    tiles(folder);
    let request = Request { tiles: vec![folder.join("tiles")], ..request(folder) };
    index(&request).expect("a catalog");
    save(&folder.join("tiles/14/4700/6267.jpg"), 50);
    index(&request).expect("a catalog");
}

fn kill_everywhere(scene: &Scene) {
    let mut places = 0;
    for calls in STEPS {
        let points = scene.points(calls);
        eprintln!("{}: {} places to be killed at {calls}", scene.command, points.len());
        places += points.len();
        points.into_iter().for_each(|point| scene.disturb(calls, "signal=KILL", point));
    }
    assert!(places > 5, "only {places} places were found");
}

#[test]
fn a_first_run_that_is_killed_anywhere_is_gone_on_with() {
    if has_strace() {
        kill_everywhere(&Scene::new("index", tiles));
    }
}

#[test]
fn an_update_that_is_killed_anywhere_leaves_a_whole_catalog_and_is_gone_on_with() {
    if has_strace() {
        kill_everywhere(&Scene::new("index", |folder| {
            updated(folder);
            save(&folder.join("tiles/14/4701/6267.jpg"), 51);
            save(&folder.join("tiles/14/4701/6268.jpg"), 52);
            fs::remove_file(folder.join("tiles/14/4700/6268.jpg")).expect("remove");
        }));
    }
}

#[test]
fn pruning_that_is_killed_anywhere_is_gone_on_with() {
    if has_strace() {
        kill_everywhere(&Scene::new("prune", updated));
    }
}

#[test]
fn a_full_disk_is_said_and_leaves_the_former_catalog() {
    if !has_strace() {
        return;
    }
    let scene = Scene::new("index", |folder| {
        updated(folder);
        save(&folder.join("tiles/14/4701/6267.jpg"), 51);
    });
    for calls in ["write", "fsync", "rename,renameat,renameat2", "mkdir,mkdirat"] {
        scene.points(calls).into_iter().for_each(|point| scene.disturb(calls, "error=ENOSPC", point));
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_said_before_anything_is_embedded() {
    if !has_strace() {
        return;
    }
    let scene = Scene::new("index", updated);
    let copy = scene.copy();
    let before = snapshot(&copy.path().join("catalog"));
    let words = ["-f", "-e", "trace=mkdir,mkdirat", "-e", "inject=mkdir,mkdirat:error=EROFS"];
    let output = scene.traced(copy.path(), &words.map(str::to_owned));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("clip-rs: cannot make the folder") && said.contains("Read-only"), "{said}");
    assert!(!said.contains("Embedding"), "{said}");
    assert_eq!(snapshot(&copy.path().join("catalog")), before);
}

#[test]
fn imagery_that_has_vanished_leaves_the_catalog_as_it_was() {
    let folder = tempfile::tempdir().expect("temporary folder");
    updated(folder.path());
    let before = snapshot(&folder.path().join("catalog"));
    let request = Request { tiles: vec![folder.path().join("tiles")], ..request(folder.path()) };
    fs::remove_dir_all(folder.path().join("tiles/14")).expect("remove");
    let error = index(&request).expect_err("no tiles").to_string();
    assert!(error.contains("no tiles"), "{error}");
    fs::remove_dir_all(folder.path().join("tiles")).expect("remove");
    let error = index(&request).expect_err("no folder").to_string();
    assert!(error.starts_with("cannot read"), "{error}");
    assert_eq!(snapshot(&folder.path().join("catalog")), before);
}
