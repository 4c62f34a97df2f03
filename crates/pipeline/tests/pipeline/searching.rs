//! Search from the command line.

use clip_rs_pipeline::query::{Subject, search};
use serde_json::Value;

use crate::support::{catalog, clip_rs, said};

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
    let text = Subject::Text("a river with a bridge".into());
    let all = search(&out, &text, 10, false).expect("answers");
    assert_eq!(all.len(), 6);
    assert_eq!(search(&out, &text, 10, true).expect("answers"), all);
    assert_eq!(search(&out, &text, 2, false).expect("answers"), all[..2]);
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

#[test]
fn questions_that_cannot_be_answered_are_refused_in_a_sentence() {
    let (folder, _) = catalog();
    let out = folder.path().join("catalog");
    let refusal = |subject: Subject| search(&out, &subject, 5, false).expect_err("refused").to_string();
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
