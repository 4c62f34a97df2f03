//! `clip-rs geocode` against stand-ins of geocoders: each place is asked for once, whatever happens on the way, and the table is one
//! that `index --addresses` reads.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::fetching::{killed_after, said};
use crate::stand_in::{Reply, StandIn};
use crate::support::{catalog, clip_rs, model};

const KEY: &str = "pk.not-to-be-seen";

/// A number of a query.
fn number(path: &str, key: &str) -> f64 {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let pair = query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
    pair.and_then(|number| number.parse().ok()).expect("a number in the query")
}

/// An address a few metres to the east, as Nominatim tells it.
fn nominatim(path: &str) -> Reply {
    let (lng, lat) = (number(path, "lon"), number(path, "lat"));
    let answer = format!(
        r#"{{"lon": "{:.7}", "lat": "{lat:.7}", "display_name": "{} Oak Lane, \"Leesburg\", Virginia"}}"#,
        lng + 1e-5,
        (lng.abs() * 1e4) as u64
    );
    Reply::Ok("application/json", answer.into_bytes())
}

fn command(service: &str, catalog: &Path, origin: &str, more: &[&str], out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clip-rs"));
    command.arg("geocode").arg(catalog).args(["--service", service, "--at", origin]).args(more);
    command.arg("--out").arg(out).env("MAPBOX_ACCESS_TOKEN", KEY);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn each_place_is_asked_for_once_at_its_pace_and_indexing_reads_what_was_told() {
    let stand_in = StandIn::start(|path, _| nominatim(path));
    let (folder, _) = catalog();
    let (catalog, out) = (folder.path().join("catalog"), folder.path().join("told.csv"));
    let words = ["--pace", "5", "--contact", "me@example.org"];
    let done = command("nominatim", &catalog, &stand_in.origin(), &words, &out).output().expect("it starts");
    let text = said(&done);
    assert!(done.status.success() && text.contains("6 addresses for 6 places; 6 asked for now"), "{text}");
    assert!(text.contains("OpenStreetMap contributors"), "{text}");
    let asked = stand_in.asked();
    assert_eq!(asked.len(), 6);
    assert!(asked.iter().all(|asked| asked.user_agent.contains("me@example.org")), "{asked:?}");
    let (first, last) = (asked.first().expect("one").at, asked.last().expect("one").at);
    assert!(last - first > Duration::from_millis(900), "five waits of a fifth of a second");

    // The table is made again without asking.
    let whole = fs::read(&out).expect("a table");
    fs::remove_file(&out).expect("removed");
    let done = command("nominatim", &catalog, &stand_in.origin(), &words, &out).output().expect("it starts");
    assert!(done.status.success() && said(&done).contains("0 asked for now"), "{}", said(&done));
    assert_eq!((fs::read(&out).expect("a table"), stand_in.asked().len()), (whole.clone(), 6));
    let done = command("nominatim", &catalog, &stand_in.origin(), &words, &out).output().expect("it starts");
    assert!(!done.status.success() && said(&done).contains("already there"), "{}", said(&done));

    let again = folder.path().join("again");
    let tiles = folder.path().join("tiles");
    let paths = [&tiles, &out, &model(), &again].map(|path| path.to_str().expect("a path").to_owned());
    let words =
        ["index", "--tiles", &paths[0], "--addresses", &paths[1], "--model", &paths[2], "--out", &paths[3]];
    let done = clip_rs(words);
    assert!(said(&done).contains("6 address points near the imagery"), "{}", said(&done));
    let csv = folder.path().join("places.csv");
    assert!(
        clip_rs(["export", &paths[3], "--format", "csv", "--out", csv.to_str().expect("a path")])
            .status
            .success()
    );
    let places = fs::read_to_string(&csv).expect("a table");
    assert_eq!(places.matches("Oak Lane, \"\"Leesburg\"\", Virginia").count(), 6, "{places}");
}

#[test]
fn killed_at_any_moment_it_asks_nothing_twice_that_was_told() {
    let (asks, asked) = mpsc::channel();
    let stand_in = StandIn::start(move |path, _| {
        // The test may be over.
        let _over = asks.send(());
        nominatim(path)
    });
    let (folder, _) = catalog();
    let (catalog, out) = (folder.path().join("catalog"), folder.path().join("told.csv"));
    let run = || command("nominatim", &catalog, &stand_in.origin(), &["--pace", "40"], &out);
    let mut kills = 0;
    for count in [1, 2, 2] {
        kills += usize::from(killed_after(run().spawn().expect("it starts"), &asked, count));
        while asked.try_recv().is_ok() {}
        assert!(!out.exists() || kills < 3, "the table is whole or not there");
    }
    assert!(kills >= 2, "killed {kills} times only");
    let done = run().output().expect("it starts");
    assert!(done.status.success() || said(&done).contains("already there"), "{}", said(&done));
    assert_eq!(fs::read_to_string(&out).expect("a table").lines().count(), 7);
    let asked = stand_in.asked().len();
    assert!(asked <= 6 + kills, "{asked} requests for 6 places and {kills} kills");
}

#[test]
fn whatever_goes_wrong_once_is_asked_for_again_and_nothing_is_not_an_error() {
    let stand_in =
        StandIn::start(|path, before| match (before, (number(path, "lon").abs() * 1e4) as u64 % 5) {
            (0, 0) => Reply::Status(429, "Retry-After: 1\r\n".to_owned()),
            (0, 1) => Reply::Status(500, String::new()),
            (0, 2) => Reply::Ok("text/html", b"<html>Our service is being updated</html>".to_vec()),
            (0, 3) => Reply::Ok("application/json", br#"{"error": {"code": 500}}"#.to_vec()),
            (_, 4) => Reply::Ok("application/json", br#"{"error": "Unable to geocode"}"#.to_vec()),
            _ => nominatim(path),
        });
    let (folder, _) = catalog();
    let (catalog, out) = (folder.path().join("catalog"), folder.path().join("told.csv"));
    let done = command("nominatim", &catalog, &stand_in.origin(), &["--pace", "50"], &out)
        .output()
        .expect("it starts");
    assert!(done.status.success(), "{}", said(&done));
    let paths = stand_in.paths();
    let is_nothing = |path: &&String| (number(path, "lon").abs() * 1e4) as u64 % 5 == 4;
    let nothing = paths.iter().filter(is_nothing).count();
    let lines = fs::read_to_string(&out).expect("a table").lines().count();
    assert_eq!(lines, 1 + 6 - nothing);
    assert_eq!(paths.len(), 6 + (6 - nothing), "each that failed once is asked for twice");
}

#[test]
fn a_geocoder_that_is_none_ends_the_run_and_its_key_is_seen_by_nobody() {
    let (folder, _) = catalog();
    let catalog = folder.path().join("catalog");
    for (name, word) in [
        ("403", "refuses"),
        ("404", "is a geocoder there?"),
        ("302", "another site"),
        ("200", "run the same command again"),
    ] {
        let stand_in = StandIn::start(move |path, _| match name {
            "200" => Reply::Ok("application/json", format!(r#"{{"message": "{path}"}}"#).into_bytes()),
            "302" => Reply::Status(302, format!("Location: http://127.0.0.1:9{path}\r\n")),
            other => Reply::Status(other.parse().expect("a status"), String::new()),
        });
        let out = folder.path().join(format!("{name}.csv"));
        let child = command("mapbox", &catalog, &stand_in.origin(), &[], &out).spawn().expect("it starts");
        let of_process = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap_or_default();
        let done = child.wait_with_output().expect("it ends");
        let text = said(&done);
        assert!(!done.status.success() && text.contains(word), "{name}: {text}");
        // The terms are said before anything is asked for, and so before it fails.
        let terms = text.find("mapbox.com/legal/tos");
        assert!(terms.is_some() && terms < text.rfind(word), "{text}");
        assert!(stand_in.paths().iter().all(|path| path.contains(KEY)) && !stand_in.paths().is_empty());
        assert!(!out.exists());
        let mut seen =
            vec![("output".to_owned(), text.into_bytes()), ("process list".to_owned(), of_process)];
        for entry in
            fs::read_dir(folder.path()).expect("a folder").flatten().filter(|entry| entry.path().is_file())
        {
            seen.push((entry.path().display().to_string(), fs::read(entry.path()).expect("a file")));
        }
        for (what, bytes) in seen {
            assert!(
                !bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes()),
                "the key is in {what}, {name}"
            );
        }
    }
}

#[test]
fn the_public_nominatim_is_asked_by_somebody_only_and_at_its_own_pace() {
    let (folder, _) = catalog();
    let (catalog, out) = (folder.path().join("catalog"), folder.path().join("told.csv"));
    let run = |more: &[&str]| {
        let mut words = vec![
            "geocode",
            catalog.to_str().expect("a path"),
            "--service",
            "nominatim",
            "--out",
            out.to_str().expect("a path"),
        ];
        words.extend(more);
        let done = clip_rs(words);
        assert!(!done.status.success());
        said(&done)
    };
    assert!(run(&[]).contains("--contact"));
    let told = run(&["--contact", "me@example.org", "--pace", "2"]);
    assert!(told.contains("1 request a second"), "{told}");
    assert!(run(&["--at", "http://127.0.0.1:1/path"]).contains("http://host:port"));
    assert!(!folder.path().join("told.csv.geocoding").exists());
}
