//! Search from the command line.

use clip_rs_catalog::Bounds;
use clip_rs_pipeline::query::{Asked, Subject, search};
use serde_json::Value;

use crate::support::{catalog, clip_rs, command, said};

fn json(args: &[&std::ffi::OsStr]) -> Vec<Value> {
    serde_json::from_str(&said(&clip_rs(args))).expect("a list")
}

#[test]
fn an_item_is_the_most_like_itself_and_a_picture_like_its_tile() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    for (x, y) in [(4700, 6267), (4701, 6267), (4702, 6268)] {
        let id = format!("14/{x}/{y}");
        let tile = folder.path().join(format!("tiles/{id}.jpg"));
        for subject in [["--like".as_ref(), id.as_ref()], ["--image".as_ref(), tile.as_os_str()]] {
            let answers =
                json(&["search".as_ref(), out.as_os_str(), subject[0], subject[1], "--json".as_ref()]);
            assert_eq!(answers.len(), 6);
            assert_eq!(answers[0]["id"], id.as_str(), "{subject:?}");
            assert!(answers[0]["cosine"].as_f64().is_some_and(|cosine| cosine > 0.999));
            assert!(answers[0]["lng"].as_f64().is_some_and(|lng| (-76.8..-76.6).contains(&lng)));
            assert!(answers[0]["lat"].as_f64().is_some_and(|lat| (38.7..39.0).contains(&lat)));
            assert!(answers[0]["place"].as_str().is_some_and(|place| place.ends_with("US")));
            assert!(
                answers.is_sorted_by_key(|a| std::cmp::Reverse(
                    (a["score"].as_f64().unwrap_or(0.0) * 1e6) as i64
                ))
            );
        }
    }
}

#[test]
fn words_find_items_and_the_limit_holds() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    let asked = Asked::about(Subject::Text("a river with a bridge".into()));
    let all = search(&out, &asked).expect("answers");
    assert_eq!(all.len(), 6);
    assert_eq!(search(&out, &Asked { exact: true, ..asked.clone() }).expect("answers"), all);
    assert_eq!(search(&out, &Asked { limit: 2, ..asked }).expect("answers"), all[..2]);
    let plain = said(&clip_rs([
        "search".as_ref(),
        out.as_os_str(),
        "a river with a bridge".as_ref(),
        "--limit".as_ref(),
        "2".as_ref(),
    ]));
    assert_eq!(plain.lines().count(), 2);
    assert!(plain.contains(&all[0].id));
}

#[cfg(unix)]
#[test]
fn a_reader_of_the_answers_that_stops_early_ends_the_command_quietly() {
    use std::os::unix::process::ExitStatusExt;
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    let words: [&std::ffi::OsStr; 4] =
        ["search".as_ref(), out.as_os_str(), "forest".as_ref(), "--json".as_ref()];
    let mut started = command(words)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the command starts");
    drop(started.stdout.take());
    let ended = started.wait_with_output().expect("the command ends");
    assert_eq!(ended.status.signal(), Some(libc::SIGPIPE), "{}", ended.status);
    assert!(ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn a_box_keeps_what_lies_in_it_and_may_cross_the_antimeridian() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    let asked = |within: &str| {
        let within = ["--within", within].map(std::ffi::OsStr::new);
        json(&["search".as_ref(), out.as_os_str(), "water".as_ref(), within[0], within[1], "--json".as_ref()])
    };
    let all = search(&out, &Asked::about(Subject::Text("water".into()))).expect("answers");
    let box_of =
        |id: &str| all.iter().find(|answer| answer.id == id).expect("found").footprint.expect("a tile");
    let [west, south, east, north] = box_of("14/4701/6268");
    let found = asked(&format!("{west},{south},{east},{north}"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["id"], "14/4701/6268");
    assert_eq!(found[0]["footprint"][0].as_f64(), Some(west));
    assert!(found[0].get("address_m").is_some() && found[0].get("captured").is_some());
    // From the east of the area around the Earth to the west of its middle.
    assert_eq!(asked(&format!("0,-80,{east},80")).len(), 4);
    let edges = Bounds::new(0.0, -80.0, east, 80.0).expect("a box");
    assert!(edges.crosses_antimeridian());
    let refused = clip_rs([
        "search".as_ref(),
        out.as_os_str(),
        "water".as_ref(),
        "--within".as_ref(),
        "1,2,3".as_ref(),
    ]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("west, south, east, north"));
}

#[test]
fn questions_that_cannot_be_answered_are_refused_in_a_sentence() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    let refusal = |subject: Subject| search(&out, &Asked::about(subject)).expect_err("refused").to_string();
    assert!(refusal(Subject::Like("14/1/1".into())).contains("no item is called \"14/1/1\""));
    assert!(refusal(Subject::Text("  ".into())).contains("empty"));
    assert!(refusal(Subject::Image(folder.path().join("none.jpg"))).contains("none.jpg"));
    assert!(refusal(Subject::Image(out.join("catalog.json"))).contains("catalog.json"));
    let both =
        clip_rs(["search".as_ref(), out.as_os_str(), "words".as_ref(), "--like".as_ref(), "1/1/1".as_ref()]);
    assert_eq!(both.status.code(), Some(2));
    let index = std::fs::read_dir(&out).expect("folder").flatten().map(|entry| entry.path());
    let index = index
        .into_iter()
        .find(|path| path.to_string_lossy().ends_with(".bin") && path.to_string_lossy().contains("index."))
        .expect("an index");
    let mut content = std::fs::read(&index).expect("read");
    content[9] ^= 1;
    std::fs::write(&index, content).expect("write");
    assert!(refusal(Subject::Text("words".into())).contains("does not match its SHA-256"));
}
