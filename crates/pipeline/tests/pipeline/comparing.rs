//! The rest of `evaluate`, from the command to JSON and page: classes, like pictures, open words.

use std::fs;
use std::path::Path;

use clip_rs_imagery::decode::Decoder;
use clip_rs_sample::{SampleOptions, generate};
use clip_rs_search::Code;
use clip_rs_training::evaluate::{Request, evaluate};
use clip_rs_training::model::Package;
use serde_json::{Value, json};

use crate::evaluating::{data, order};
use crate::support::{clip_rs, model, said};

/// The vector of a picture as a catalog holds it.
fn embed(package: &Package, picture: &Path) -> Vec<f32> {
    // Another decoder's colours could change the order of pictures that are alike.
    let decoded = Decoder::for_this_machine().decode(&fs::read(picture).expect("read")).expect("a picture");
    let vector = package.image_encoder().expect("a tower").encode(&decoded.rgb).expect("a vector");
    Code::new(&vector).expect("a code").embedding().expect("a vector").into()
}

#[test]
fn classes_like_pictures_open_words_and_the_page_come_of_one_command() {
    let data = data();
    let phrases = data.path().join("phrases.txt");
    fs::write(&phrases, "# for a test\nopen ground: bare_land | airport\ncisterns: storagetanks\n")
        .expect("write");
    let (json, page) = (data.path().join("figures.json"), data.path().join("page.html"));
    let package = model();
    let table = said(&clip_rs([
        "evaluate".as_ref(),
        "--model".as_ref(),
        package.as_os_str(),
        package.as_os_str(),
        "--data".as_ref(),
        data.path().as_os_str(),
        "--split".as_ref(),
        "test".as_ref(),
        "--phrases".as_ref(),
        phrases.as_os_str(),
        "--json".as_ref(),
        json.as_os_str(),
        "--report".as_ref(),
        page.as_os_str(),
    ]));
    assert_eq!(table.lines().count(), 3, "{table}");
    let figures: Value = serde_json::from_slice(&fs::read(&json).expect("written")).expect("JSON");
    assert_eq!([&figures[0]["name"], &figures[1]["name"]], ["tiny", "tiny #2"]);
    let figures = &figures[1];

    let package = Package::read(&package).expect("a package");
    let described: Value =
        serde_json::from_slice(&fs::read(data.path().join("dataset.json")).expect("read")).expect("JSON");
    let names = described["images"].as_array().expect("a list").iter().take(12);
    let names = names.map(|image| image["filename"].as_str().expect("a name"));
    let pictures: Vec<Vec<f32>> =
        names.map(|name| embed(&package, &data.path().join("images").join(name))).collect();
    let class = |picture: usize| [0, 2, 1][picture % 3];
    let text = package.text_encoder().expect("a tower");
    let vector = |words: &str| Vec::<f32>::from(text.encode(words).expect("a vector"));
    let near = |found: &Value, expected: f64| found.as_f64().is_some_and(|f| (f - expected).abs() < 1e-9);

    let prompts =
        ["airport", "bare land", "storage tanks"].map(|c| vector(&format!("An aerial photograph of {c}")));
    let mut counts = vec![vec![0; 3]; 3];
    for (picture, vector) in pictures.iter().enumerate() {
        counts[class(picture)][order(vector, &prompts)[0]] += 1;
    }
    assert_eq!(figures["confusion"]["counts"], json!(counts));
    assert_eq!(figures["confusion"]["classes"], json!(["airport", "bare_land", "storagetanks"]));
    for row in 0..3 {
        let recall = f64::from(counts[row][row]) / 4.0;
        assert!(near(&figures["per_class"][row]["recall"], recall), "{figures}");
    }

    let mut map = 0.0;
    for query in 0..12 {
        let found = order(&pictures[query], &pictures).into_iter().filter(|p| *p != query);
        let right: Vec<bool> = found.take(10).map(|p| class(p) == class(query)).collect();
        let precision = |at: usize| right[..=at].iter().filter(|r| **r).count() as f64 / (at + 1) as f64;
        map += (0..10).filter(|at| right[*at]).map(precision).sum::<f64>() / 3.0 / 12.0;
    }
    assert!(near(&figures["map"]["10"], map), "{figures}: mAP@10 should be {map}");

    let mut mean = 0.0;
    for (at, (phrase, classes, right)) in
        [("open ground", vec![0, 1], 8), ("cisterns", vec![2], 4)].into_iter().enumerate()
    {
        // All eight and all four right ones are fewer than ten: so many answers are looked at.
        let found = order(&vector(phrase), &pictures).into_iter().take(right);
        let precision = found.filter(|p| classes.contains(&class(*p))).count() as f64 / right as f64;
        let said = &figures["open_words"]["phrases"][at];
        assert_eq!((&said["phrase"], &said["right"]), (&phrase.into(), &right.into()));
        assert!(near(&said["precision"], precision), "{said} should be {precision}");
        mean += precision / 2.0;
    }
    assert!(near(&figures["open_words"]["precision_at_10"], mean), "{figures}");

    let intervals = &figures["intervals"];
    for (name, figure) in [
        ("mean_recall", &figures["mean_recall"]),
        ("accuracy_at_1", &figures["accuracy"]["1"]),
        ("map_at_10", &figures["map"]["10"]),
        ("precision_at_10", &figures["open_words"]["precision_at_10"]),
    ] {
        let (low, high) = (intervals[name]["low"].as_f64(), intervals[name]["high"].as_f64());
        assert!(low <= figure.as_f64() && figure.as_f64() <= high && low.is_some(), "{name}: {intervals}");
    }
    let bytes = |file: &str| fs::metadata(model().join(file)).expect("a file").len();
    assert_eq!(figures["size"]["text"], bytes("text.gguf"));
    assert_eq!(figures["size"]["image"], bytes("image.gguf"));
    let all = ["text.gguf", "image.gguf", "vocabulary.txt", "model.json"].map(bytes);
    assert_eq!(figures["size"]["whole"], all.iter().sum::<u64>());
    for time in ["text_ms", "picture_ms"] {
        assert!(figures["speed"][time].as_f64().is_some_and(|time| time > 0.0), "{figures}");
    }

    let page = fs::read_to_string(&page).expect("a page");
    for expected in ["2 models compared", "tiny #2", "cisterns", "storage tanks", "clip-rs evaluate --model"]
    {
        assert!(page.contains(expected), "{expected} is missing");
    }
}

#[test]
fn phrases_whose_classes_the_data_has_not_are_refused_by_line() {
    let data = data();
    let phrases = data.path().join("phrases.txt");
    fs::write(&phrases, "cisterns: storagetanks\nlagoon: pond\n").expect("write");
    let request = |data: &Path| Request {
        models: vec![model()],
        data: data.into(),
        phrases: Some(phrases.clone()),
        ..Request::default()
    };
    let error = evaluate(&request(data.path())).expect_err("refused").to_string();
    assert!(error.ends_with("phrases.txt, line 2: the data has no class \"pond\""), "{error}");
}

#[test]
fn open_words_of_a_sample_area_are_measured_by_its_ground_truth() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let area = folder.path().join("area");
    generate(&area, &SampleOptions { size: 5, ..SampleOptions::default() }, &|_, _| {}).expect("an area");
    let phrases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/train/phrases-sample.txt");
    let request =
        Request { models: vec![model()], data: area.clone(), phrases: Some(phrases), ..Request::default() };
    let report = evaluate(&request).expect("figures").remove(0);
    let words = report.open_words.expect("phrases");
    assert_eq!((report.images, report.accuracy.is_none()), (25, true));
    assert!(words.phrases.len() + words.unanswerable.len() >= 60);

    let labels = fs::read_to_string(area.join("labels.jsonl")).expect("labels");
    let tiles: Vec<Value> = labels.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let package = Package::read(&model()).expect("a package");
    let vectors: Vec<Vec<f32>> = tiles
        .iter()
        .map(|tile| embed(&package, &area.join(format!("tiles/{}.jpg", tile["id"].as_str().expect("an id")))))
        .collect();
    let text = package.text_encoder().expect("a tower");
    let mut together = 0;
    for figures in &words.phrases {
        let holds = |tile: &Value| {
            let held = |class: &str| tile["classes"].get(class.trim()).is_some();
            figures.classes.split('+').all(|group| group.split('|').any(held))
        };
        let right = tiles.iter().filter(|tile| holds(tile)).count();
        let looked_at = right.min(10);
        let vector = Vec::<f32>::from(text.encode(&figures.phrase).expect("a vector"));
        let found =
            order(&vector, &vectors).into_iter().take(looked_at).filter(|at| holds(&tiles[*at])).count();
        assert_eq!(figures.right, right, "{}", figures.phrase);
        assert!((figures.precision - found as f64 / looked_at as f64).abs() < 1e-9, "{}", figures.phrase);
        together += usize::from(figures.classes.contains('+'));
    }
    assert!(together > 0, "no phrase that needs two classes was measured");
}
