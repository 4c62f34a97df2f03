//! The whole of `evaluate` against a plain reckoning of the same protocol.

use std::fs;
use std::path::Path;

use clip_rs_search::Code;
use clip_rs_stage::StageError;
use clip_rs_training::evaluate::{Report, Request, Task, evaluate};
use clip_rs_training::model::Package;
use serde_json::{Value, json};

use crate::support::{clip_rs, model, pixels, said, save};

/// 12 pictures of three classes with two captions each, and two pictures of another split.
pub fn data() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    let words = [
        "river", "pond", "forest", "bridge", "field", "road", "roof", "boat", "tank", "beach", "park", "car",
    ];
    let mut images = Vec::new();
    for (seed, word) in words.iter().enumerate() {
        let class = ["airport", "storagetanks", "bare_land"][seed % 3];
        let name = format!("{class}_{seed}.png");
        save(&folder.path().join("images").join(&name), seed as u64);
        images.push(json!({"filename": name, "split": "test", "sentences": [
            {"raw": format!("a {word}")}, {"raw": format!("many trees and a {word}")}]}));
    }
    for seed in [50, 51] {
        save(&folder.path().join(format!("images/{seed}.png")), seed);
        images
            .push(json!({"filename": format!("{seed}.png"), "split": "train", "sentences": [{"raw": "no"}]}));
    }
    fs::write(folder.path().join("dataset.json"), json!({"images": images}).to_string()).expect("write");
    folder
}

/// Places of the answers to a query, best first; of equal ones the earlier first.
pub fn order(query: &[f32], among: &[Vec<f32>]) -> Vec<usize> {
    let score = |at: &usize| query.iter().zip(&among[*at]).map(|(a, b)| a * b).sum::<f32>();
    let mut order: Vec<usize> = (0..among.len()).collect();
    order.sort_by(|a, b| score(b).total_cmp(&score(a)));
    order
}

#[test]
fn figures_are_those_of_a_plain_reckoning() {
    let data = data();
    let package = Package::read(&model()).expect("a package");
    let (image, text) = (package.image_encoder().expect("a tower"), package.text_encoder().expect("a tower"));
    let described: Value =
        serde_json::from_slice(&fs::read(data.path().join("dataset.json")).expect("read")).expect("JSON");
    let (mut pictures, mut captions, mut owner, mut classes) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, entry) in described["images"].as_array().expect("a list").iter().take(12).enumerate() {
        let name = entry["filename"].as_str().expect("a name");
        let picture = pixels(&data.path().join("images").join(name));
        let code = Code::new(&image.encode(&picture).expect("a vector")).expect("a code");
        pictures.push(Vec::<f32>::from(code.embedding().expect("a vector")));
        for sentence in entry["sentences"].as_array().expect("a list") {
            let vector = text.encode(sentence["raw"].as_str().expect("a caption")).expect("a vector");
            captions.push(Vec::<f32>::from(vector));
            owner.push(at);
        }
        // In the alphabetical order of their names in the files: airport, bare_land, storagetanks.
        classes.push([0, 2, 1][at % 3]);
    }
    let recall = |k: usize| {
        let found = |c: &usize| order(&captions[*c], &pictures)[..k].contains(&owner[*c]);
        let t2i = 100.0 * (0..24).filter(found).count() as f64 / 24.0;
        let found = |p: &usize| order(&pictures[*p], &captions)[..k].iter().any(|c| owner[*c] == *p);
        (t2i, 100.0 * (0..12).filter(found).count() as f64 / 12.0)
    };
    let prompts = ["airport", "bare land", "storage tanks"].map(|class| {
        Vec::<f32>::from(text.encode(&format!("An aerial photograph of {class}")).expect("a vector"))
    });

    let json = data.path().join("figures.json");
    let table = said(&clip_rs([
        "evaluate".as_ref(),
        "--model".as_ref(),
        model().as_os_str(),
        "--data".as_ref(),
        data.path().as_os_str(),
        "--split".as_ref(),
        "test".as_ref(),
        "--json".as_ref(),
        json.as_os_str(),
    ]));
    assert!(table.lines().count() == 2 && table.contains("tiny"), "{table}");
    let figures: Value = serde_json::from_slice(&fs::read(&json).expect("written")).expect("JSON");
    let figures = &figures[0];
    assert_eq!((figures["images"].as_u64(), figures["captions"].as_u64()), (Some(12), Some(24)));
    assert!(figures["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0));
    let near =
        |found: &Value, expected: f64| found.as_f64().is_some_and(|found| (found - expected).abs() < 1e-9);
    let mut sum = 0.0;
    for (key, k) in [("r1", 1), ("r5", 5), ("r10", 10)] {
        let (t2i, i2t) = recall(k);
        assert!(near(&figures["t2i"][key], t2i), "{figures}: {key} of captions should be {t2i}");
        assert!(near(&figures["i2t"][key], i2t), "{figures}: {key} of pictures should be {i2t}");
        sum += t2i + i2t;
    }
    assert!(near(&figures["mean_recall"], sum / 6.0));
    for k in [1, 3, 5, 10] {
        let found = |p: &usize| order(&pictures[*p], &prompts)[..k.min(3)].contains(&classes[*p]);
        let expected = (0..12).filter(found).count() as f64 / 12.0;
        assert!(near(&figures["accuracy"][k.to_string()], expected), "{figures}: accuracy at {k}");
    }
}

#[test]
fn folders_are_classified_and_tasks_that_the_data_cannot_serve_are_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (seed, name) in ["Pond/1.png", "Pond/2.jpg", "SolarFarm/1.webp"].into_iter().enumerate() {
        save(&folder.path().join(name), seed as u64);
    }
    let report = &measure(1, folder.path(), None, None).expect("figures")[0];
    assert_eq!(
        (report.retrieval, report.classes, report.classified, report.captions),
        (None, Some(2), Some(3), 0)
    );
    assert_eq!(report.accuracy.as_ref().and_then(|accuracy| accuracy.get(&3)), Some(&1.0));
    let confusion = report.confusion.as_ref().expect("classes");
    assert_eq!(confusion.counts.iter().map(|row| row.iter().sum()).collect::<Vec<usize>>(), [2, 1]);
    let refused = measure(1, folder.path(), None, Some(Task::Retrieval));
    assert!(refused.expect_err("no captions").to_string().contains("no captions"));

    let data = data();
    let report = &measure(2, data.path(), Some("train"), None).expect("figures")[1];
    assert_eq!((report.accuracy.as_ref(), report.images), (None, 2));
    let refused = measure(1, data.path(), Some("train"), Some(Task::Classify));
    assert!(refused.expect_err("no classes").to_string().contains("fewer than two classes"));
    fs::write(data.path().join("images/50.png"), "damaged").expect("write");
    let report = &measure(1, data.path(), Some("train"), None).expect("figures of the other picture")[0];
    let left_out: Vec<String> = report.left_out.iter().map(ToString::to_string).collect();
    assert!(left_out.len() == 1 && left_out[0].contains("50.png"), "{left_out:?}");
    assert_eq!(report.images, 1);
}

fn measure(
    models: usize,
    data: &Path,
    split: Option<&str>,
    task: Option<Task>,
) -> Result<Vec<Report>, StageError> {
    let models = vec![model(); models];
    evaluate(&Request { models, data: data.into(), split: split.map(str::to_owned), task, phrases: None })
}
