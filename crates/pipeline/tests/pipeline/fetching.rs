//! `clip-rs fetch` and `area` against stand-ins of the services: killed and run again, and with a key that must stay secret.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use clip_rs_pipeline::verify::verify;
use image::{ImageFormat, Rgb, RgbImage};

use crate::stand_in::{Reply, StandIn};
use crate::support::model;

/// Six tiles across and four down at zoom 16.
const AREA: &str = "-77.0361,38.8801,-77.0035,38.8970";
const KEY: &str = "pk.not-to-be-seen";

/// A picture that no other path has.
pub fn picture(path: &str) -> Reply {
    let seed = path.bytes().fold(17_u32, |seed, byte| seed.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let (a, b) = ((seed % 200) as u8, (seed / 200 % 200) as u8);
    let image = RgbImage::from_fn(256, 256, |x, y| {
        Rgb([a ^ (x as u8 & 0xf0), b ^ (y as u8 & 0xe0), ((x / 16 * y / 16) % 251) as u8])
    });
    let mut bytes = Vec::new();
    image.write_to(&mut std::io::Cursor::new(&mut bytes), ImageFormat::Jpeg).expect("a picture");
    Reply::Ok("image/jpeg", bytes)
}

pub fn command(words: &[&str], out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clip-rs"));
    command.args(words).arg("--out").arg(out).env("MAPBOX_ACCESS_TOKEN", KEY);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn said(done: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr))
}

/// Starts a command and kills it when its service was asked so often since; whether it was still running.
pub fn killed_after(mut child: Child, asked: &mpsc::Receiver<()>, count: usize) -> bool {
    for _ in 0..count {
        if child.try_wait().expect("a child").is_some()
            || asked.recv_timeout(std::time::Duration::from_secs(20)).is_err()
        {
            break;
        }
    }
    let was_running = child.try_wait().expect("a child").is_none();
    child.kill().expect("killed");
    child.wait().expect("ended");
    was_running
}

#[test]
fn one_command_goes_from_each_service_to_a_catalog_that_names_it() {
    for (source, credit, zoom) in [("usgs", "USGS", "16"), ("mapbox", "Mapbox", "16")] {
        let stand_in = StandIn::start(|path, _| picture(path));
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("catalog");
        let origin = stand_in.origin();
        let model = model();
        let model = model.to_str().expect("a path");
        let words = [
            "area", "--source", source, "--area", AREA, "--zoom", zoom, "--at", &origin, "--pace", "500",
            "--model", model,
        ];
        let done = command(&words, &out).output().expect("it starts");
        assert!(done.status.success(), "{}", said(&done));
        let percents: Vec<u32> = String::from_utf8_lossy(&done.stderr)
            .lines()
            .filter_map(|line| line.strip_suffix(" % of all")?.rsplit(' ').next()?.parse().ok())
            .collect();
        assert!(percents.is_sorted() && percents.len() > 4, "one progress over all steps: {percents:?}");
        assert_eq!(percents.last(), Some(&100));
        let manifest = fs::read_to_string(out.join("catalog.json")).expect("a manifest");
        assert!(manifest.contains(credit), "{manifest}");
        assert!(verify(&out).expect("a verdict").faults.is_empty());
        let tiles = stand_in.paths().len();
        assert!((24..=35).contains(&tiles), "{tiles} tiles");
        let again = command(&words, &out).output().expect("it starts");
        assert!(again.status.success() && said(&again).contains("tiles are there"), "{}", said(&again));
        assert_eq!(stand_in.paths().len(), tiles, "nothing is fetched twice");
    }
}

#[test]
fn a_key_is_in_requests_and_in_nothing_that_anybody_sees() {
    let fails = Arc::new(AtomicUsize::new(0));
    let stand_in = StandIn::start({
        let fails = fails.clone();
        move |path, _| match fails.load(Ordering::Relaxed) {
            0 => picture(path),
            1 => Reply::Status(403, String::new()),
            2 => Reply::Status(302, format!("Location: http://127.0.0.1:9{path}\r\n")),
            _ => Reply::Status(418, format!("X-Said: {path}\r\n")),
        }
    });
    for (way, succeeds) in [(1, false), (2, false), (3, false), (0, true)] {
        fails.store(way, Ordering::Relaxed);
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("area.pmtiles");
        let origin = stand_in.origin();
        let words =
            ["fetch", "--source", "mapbox", "--area", AREA, "--zoom", "16", "--at", &origin, "--pace", "200"];
        let child = command(&words, &out).spawn().expect("it starts");
        let of_process = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap_or_default();
        let done = child.wait_with_output().expect("it ends");
        assert_eq!(done.status.success(), succeeds, "{}", said(&done));
        let mut seen =
            vec![("output".to_owned(), said(&done).into_bytes()), ("process list".to_owned(), of_process)];
        for entry in fs::read_dir(folder.path()).expect("a folder").flatten() {
            seen.push((entry.path().display().to_string(), fs::read(entry.path()).expect("a file")));
        }
        for (what, bytes) in seen {
            assert!(
                !bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes()),
                "the key is in {what}, way {way}"
            );
        }
    }
    assert!(stand_in.paths().iter().any(|path| path.contains(KEY)), "the service has it");
}

#[test]
fn killed_at_any_moment_it_goes_on_and_makes_the_same_archive() {
    let (asks, asked) = mpsc::channel();
    let stand_in = StandIn::start(move |path, _| {
        // The test may be over.
        let _over = asks.send(());
        picture(path)
    });
    let origin = format!("{}/{{z}}/{{x}}/{{y}}", stand_in.origin());
    let words =
        ["fetch", "--source", &origin, "--area", AREA, "--zoom", "15..17", "--pace", "400", "--at-once", "3"];
    let folder = tempfile::tempdir().expect("a folder");
    let undisturbed = folder.path().join("undisturbed.pmtiles");
    let done = command(&words, &undisturbed).output().expect("it starts");
    assert!(done.status.success(), "{}", said(&done));
    let tiles = stand_in.paths().len();
    while asked.try_recv().is_ok() {}

    let out = folder.path().join("area.pmtiles");
    let mut kills = 0;
    for count in [1, 2, 5, 9, 14, 20, 27, 31] {
        let child = command(&words, &out).spawn().expect("it starts");
        kills += usize::from(killed_after(child, &asked, count));
        while asked.try_recv().is_ok() {}
        assert!(!out.exists(), "the archive is whole or not there");
    }
    assert!(kills >= 5, "killed {kills} times only");
    let done = command(&words, &out).output().expect("it starts");
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(fs::read(&out).expect("the archive"), fs::read(&undisturbed).expect("the other"));
    let asked_in_all = stand_in.paths().len() - tiles;
    // What three threads had on its way when it was killed, and what was being noted, is asked for again, and nothing else.
    assert!(asked_in_all <= tiles + 4 * kills, "{asked_in_all} requests for {tiles} tiles and {kills} kills");
    assert!(!folder.path().join("area.pmtiles.fetching").exists());
}

/// Runs a command under strace with these words more; nothing where there is no strace.
fn traced(words: &[&str], trace: &[&str], out: &Path) -> Option<Output> {
    let mut command = Command::new("strace");
    command
        .args(["-q", "-o"])
        .arg(out.with_extension("trace"))
        .args(trace)
        .arg(env!("CARGO_BIN_EXE_clip-rs"));
    match command.args(words).arg("--out").arg(out).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        done => Some(done.expect("strace starts")),
    }
}

#[test]
fn killed_at_a_write_a_sync_or_a_rename_it_loses_nothing() {
    // It says by which name each tile can be asked for again, which is kept beside the archive.
    let stand_in = StandIn::start(|path, _| match picture(path) {
        Reply::Ok(_, bytes) => {
            let length = bytes.len();
            Reply::Part(200, format!("ETag: \"{path}\"\r\n"), bytes, length)
        }
        other => other,
    });
    let origin = format!("{}/{{z}}/{{x}}/{{y}}", stand_in.origin());
    let area = "-77.0361,38.8840,-77.0230,38.8920";
    let words =
        ["fetch", "--source", &origin, "--area", area, "--zoom", "16", "--pace", "900", "--at-once", "1"];
    let folder = tempfile::tempdir().expect("a folder");
    let undisturbed = folder.path().join("undisturbed.pmtiles");
    assert!(command(&words, &undisturbed).output().expect("it starts").status.success());
    let tiles = stand_in.paths().len();
    let expected = fs::read(&undisturbed).expect("an archive");
    // The first thread alone writes.
    for calls in ["pwrite64", "write", "fsync,fdatasync", "rename,renameat,renameat2", "unlink,unlinkat"] {
        let counted = folder.path().join("counted.pmtiles");
        let Some(done) = traced(&words, &["-e", &format!("trace={calls}")], &counted) else {
            eprintln!("SKIPPED: without strace nothing is killed at its writes");
            return;
        };
        assert!(done.status.success(), "{}", said(&done));
        let trace = fs::read_to_string(counted.with_extension("trace")).expect("a trace");
        let count = trace.lines().filter(|line| line.contains('(')).count();
        fs::remove_file(&counted).expect("removed");
        let step = (count / 8).max(1);
        for when in (1..=count).step_by(step) {
            let out = folder.path().join("area.pmtiles");
            let before = stand_in.paths().len();
            let killed = traced(&words, &["-e", &format!("inject={calls}:signal=KILL:when={when}")], &out);
            let what = format!("{calls} {when} of {count}");
            if out.exists() {
                assert_eq!(fs::read(&out).expect("an archive"), expected, "{what}");
            }
            let again = command(&words, &out).output().expect("it starts");
            assert!(
                again.status.success() || said(&again).contains("already there"),
                "{what}: {}",
                said(&again)
            );
            assert_eq!(fs::read(&out).expect("an archive"), expected, "{what}");
            let asked = stand_in.paths().len() - before;
            assert!(
                (tiles..=tiles + 2).contains(&asked),
                "{what}: {asked} requests for {tiles} tiles, {killed:?}"
            );
            let left: Vec<String> = fs::read_dir(folder.path())
                .expect("a folder")
                .filter_map(|entry| entry.expect("an entry").file_name().into_string().ok())
                .filter(|name| name.contains("unfinished") || name.contains("fetching"))
                .collect();
            assert_eq!(left, [""; 0], "{what}");
            assert!(folder.path().join("area.pmtiles.fetched").exists(), "{what}");
            fs::remove_file(&out).expect("removed");
        }
    }
}

#[test]
fn much_is_fetched_only_when_it_is_wanted_and_nothing_is_overwritten() {
    let stand_in = StandIn::start(|path, _| picture(path));
    let origin = format!("{}/{{z}}/{{x}}/{{y}}", stand_in.origin());
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("area.pmtiles");
    let state = ["fetch", "--source", &origin, "--area", "-83,36,-75,39", "--zoom", "17"];
    let done = command(&state, &out).output().expect("it starts");
    assert!(!done.status.success() && said(&done).contains("--yes"), "{}", said(&done));
    let estimate: Vec<&str> = state.iter().copied().chain(["--estimate"]).collect();
    let done = command(&estimate, &out).output().expect("it starts");
    assert!(done.status.success() && said(&done).contains("tiles, about"), "{}", said(&done));
    fs::write(&out, "mine").expect("a file");
    let done = command(&["fetch", "--source", &origin, "--area", AREA, "--zoom", "16"], &out)
        .output()
        .expect("it starts");
    assert!(!done.status.success() && said(&done).contains("already there"), "{}", said(&done));
    assert_eq!(fs::read(&out).expect("the file"), b"mine");
    assert_eq!(stand_in.paths(), [""; 0]);
}
