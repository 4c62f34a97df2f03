//! Tests of the page: what it must hold, what it must escape, and that it needs nothing but itself.

use std::collections::BTreeMap;

use super::super::figures::{Intervals, Size, Training};
use super::super::marks::{Bin, Reliability};
use super::super::phrases::{OpenWords, PhraseFigures};
use super::super::retrieval::{Recall, Retrieval, RetrievalIntervals};
use super::super::speed::Speed;
use super::super::{Confusion, Interval};
use super::*;

const COMMAND: &str = "clip-rs evaluate --model a b --data 'my data'";

fn about(value: f64) -> Interval {
    Interval { low: value * 0.9, high: value * 1.1, resampled: vec![value * 0.95, value, value * 1.05] }
}

/// A model with all there is to measure; `quality` from 0 to 1 moves its figures.
fn report(name: &str, folder: &str, quality: f64) -> Report {
    let recall = Recall { r1: 10.0 * quality, r5: 30.0 * quality, r10: 50.0 * quality };
    let of = || Recall { r1: about(recall.r1), r5: about(recall.r5), r10: about(recall.r10) };
    let mean = 30.0 * quality;
    let confusion = Confusion {
        classes: ["pond", "storagetanks", "viaduct"].map(str::to_owned).into(),
        counts: vec![vec![3, 1, 0], vec![0, 4, 0], vec![2, 0, 0]],
    };
    let phrase = |phrase: &str, precision| PhraseFigures {
        phrase: phrase.to_owned(),
        classes: "pond | viaduct".to_owned(),
        right: 6,
        precision,
    };
    Report {
        model: folder.into(),
        name: name.to_owned(),
        title: format!("Title of {name}"),
        provenance: "Trained from scratch".to_owned(),
        training: Some(Training::FromScratch),
        data: "data/rsicd.tar.gz".into(),
        dataset: Some("rsicd".to_owned()),
        split: Some("val".to_owned()),
        retrieval: Some(Retrieval { t2i: recall, i2t: recall, mean_recall: mean }),
        accuracy: Some(BTreeMap::from([
            (1, 0.7 * quality),
            (3, 0.8 * quality),
            (5, 0.9 * quality),
            (10, quality),
        ])),
        classes: Some(3),
        classified: Some(10),
        per_class: Some(confusion.per_class()),
        confusion: Some(confusion),
        map: Some(BTreeMap::from([(10, 0.4 * quality), (20, 0.3 * quality)])),
        open_words: Some(OpenWords {
            precision_at_10: 0.45,
            phrases: vec![phrase("duck pond", 0.9), phrase("flyover", 0.0)],
            unanswerable: vec!["launch pad".to_owned()],
            marks: Some(Reliability {
                expected_calibration_error: 0.0432,
                curve: vec![
                    Bin { mark: 0.25, right: 0.2, results: 5 },
                    Bin { mark: 0.9, right: 0.92, results: 25 },
                ],
                auroc: Some(0.975),
                answered_likely: Some(0.96),
                unanswered_likely: None,
            }),
        }),
        intervals: Intervals {
            retrieval: Some(RetrievalIntervals { t2i: of(), i2t: of(), mean_recall: about(mean) }),
            accuracy_at_1: Some(about(0.7 * quality)),
            map_at_10: Some(about(0.4 * quality)),
            precision_at_10: Some(about(0.45)),
            ..Intervals::none()
        },
        size: Size { text: 6_000_000, image: 5_000_000, vocabulary: 500_000, whole: 11_500_000 },
        speed: Speed { text_ms: 4.25, picture_ms: 12.5, processor: "Some CPU".to_owned() },
        images: 1_094,
        left_out: Vec::new(),
        captions: 5_470,
        seconds: 61.0,
    }
}

/// A model of which nothing was measured but its size and speed.
fn bare(name: &str) -> Report {
    Report {
        training: None,
        dataset: None,
        split: None,
        retrieval: None,
        accuracy: None,
        classes: None,
        classified: None,
        per_class: None,
        confusion: None,
        map: None,
        open_words: None,
        intervals: Intervals::none(),
        captions: 0,
        ..report(name, "somewhere", 1.0)
    }
}

#[test]
fn the_page_says_what_was_compared_and_shows_every_measure() {
    let page = page(&[report("alpha", "models/alpha", 1.0), report("beta", "models/beta", 0.5)], COMMAND);
    for expected in [
        "<h1>2 models compared</h1>",
        "Measured on rsicd, split val: 1,094 pictures with 5,470 captions.",
        "Title of beta, 11.50 MB",
        "<span class=\"tag\">from scratch</span>",
        // The best of a row, with its interval, and the other.
        "<strong>30.00</strong><span class=\"interval\">27.00 to 33.00</span>",
        "15.00<span class=\"interval\">13.50 to 16.50</span>",
        "<strong>70.0</strong><span class=\"interval\">63.0 to 77.0</span>",
        "mAP@20",
        // alpha is ahead in every draw.
        "alpha is ahead of beta in 100 of 100 resamples.",
        "<strong>2</strong> of 2 pictures of <em>viaduct</em> were taken for <em>pond</em>",
        "storage tanks",
        "Confusion table of alpha",
        "\u{201c}flyover\u{201d}",
        "launch pad",
        "Some CPU",
        "clip-rs evaluate --model a b --data 'my data'",
        "CLIP-rsicd protocol",
        "Are marks to be believed?",
        "0.043",
        "AUROC between phrases that something answers and others 0.975",
    ] {
        assert!(page.contains(expected), "{expected} is missing");
    }
    // Equal figures have no best.
    assert!(!page.contains("<strong>45.0</strong>"));
}

#[test]
fn the_page_needs_nothing_but_itself_and_can_be_read_aloud() {
    let page = page(&[report("alpha", "a", 1.0), report("beta", "b", 0.5)], COMMAND);
    for foreign in ["<script", "<link", "src=", "http:", "https:", "url(", "@import"] {
        assert!(!page.contains(foreign), "{foreign} on the page");
    }
    let (_, page) = page.split_once("</style>").expect("a style");
    let count = |what: &str| page.matches(what).count();
    assert_eq!(count("<th ") + count("<th>"), count("scope=\""), "a heading of a table without its scope");
    // Three plots, and a curve of marks for each model.
    assert_eq!(count("<svg "), 3 + 2);
    assert_eq!(count("<svg "), count("role=\"img\" aria-labelledby=\""));
    assert_eq!(count("<svg "), count("<desc "));
    assert_eq!(count("<h1"), 1);
    for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split_once('"')) {
        assert_eq!(count(&format!("<section id=\"{}\"", target.0)), 1, "#{} leads nowhere", target.0);
    }
}

#[test]
fn names_from_outside_are_escaped_everywhere() {
    let evil = "<img src=x onerror=\"a()\"> & 'co'";
    let mut report = report(evil, evil, 1.0);
    report.title = evil.to_owned();
    report.provenance = evil.to_owned();
    report.dataset = Some(evil.to_owned());
    report.speed.processor = evil.to_owned();
    for class in report.confusion.iter_mut().flat_map(|confusion| &mut confusion.classes) {
        *class = evil.to_owned();
    }
    for class in report.per_class.iter_mut().flatten() {
        class.class = evil.to_owned();
    }
    if let Some(words) = &mut report.open_words {
        words.phrases[0].phrase = evil.to_owned();
        words.phrases[0].classes = evil.to_owned();
        words.unanswerable[0] = evil.to_owned();
    }
    let page = page(&[report.clone(), report], evil);
    assert!(!page.contains("<img") && !page.contains("\"a()\""));
    assert!(page.matches("&lt;img src=x onerror=&quot;a()&quot;&gt; &amp;").count() > 20);
}

#[test]
fn published_figures_stand_only_beside_the_test_split_they_are_published_for() {
    let mut report = report("alpha", "a", 1.0);
    assert!(!page(&[report.clone()], COMMAND).contains("RemoteCLIP"));
    report.split = Some("test".to_owned());
    report.images = 1_093;
    let page = page(&[report], COMMAND);
    for expected in [
        "RemoteCLIP <span class=\"tag\">published</span>",
        "alpha <span class=\"tag\">measured here</span>",
        "35.26",
        "57.2",
        "is published with a mean recall of 15.74 %: alpha lies above it.",
    ] {
        assert!(page.contains(expected), "{expected} is missing");
    }
}

#[test]
fn models_of_one_name_are_told_apart() {
    let names = |reports: &[Report]| labels(reports);
    let reports =
        [report("rs", "models/rs", 1.0), report("rs", "models/tuned", 1.0), report("rs", "b/tuned", 1.0)];
    assert_eq!(names(&reports), ["rs", "rs (tuned)", "rs (tuned) #2"]);
    assert_eq!(names(&[report("rs", "x", 1.0), report("clip", "y", 1.0)]), ["rs", "clip"]);
}

#[test]
fn what_was_not_measured_is_left_out() {
    let page = page(&[bare("alpha"), bare("beta")], COMMAND);
    assert!(page.contains("Measured on rsicd.tar.gz: 1,094 pictures."));
    for absent in ["Mean recall", "mAP", "Open words", "Class by class", "<svg"] {
        assert!(!page.contains(absent), "{absent} without figures");
    }
    // One model has figures, the other has not; and numbers at the end of their range do not break the drawings.
    let mut odd = report("odd", "odd", 0.0);
    odd.size.whole = 0;
    let page = super::page(&[odd, bare("beta"), report("gamma", "g", 1.0)], COMMAND);
    assert!(page.contains("<span class=\"quiet\">\u{2013}</span>"));
    assert!(!page.contains("NaN") && !page.contains("inf"), "a coordinate is no number");
    assert!(super::page(&[], COMMAND).contains("0 models compared"));
}

#[test]
fn json_keeps_the_fields_that_are_documented() {
    let json = serde_json::to_value(report("alpha", "a", 1.0)).expect("JSON");
    assert_eq!(json["t2i"]["r1"], 10.0);
    assert_eq!(json["i2t"]["r10"], 50.0);
    assert_eq!((&json["mean_recall"], &json["accuracy"]["3"]), (&30.0.into(), &0.8.into()));
    assert_eq!(
        (&json["images"], &json["captions"], &json["seconds"]),
        (&1094.into(), &5470.into(), &61.0.into())
    );
    assert_eq!((&json["training"], &json["map"]["20"]), (&"from-scratch".into(), &0.3.into()));
    assert_eq!(json["confusion"]["counts"][2][0], 2);
    assert_eq!(json["per_class"][2]["precision"], serde_json::Value::Null);
    assert_eq!(json["open_words"]["phrases"][0]["phrase"], "duck pond");
    assert_eq!(json["intervals"]["mean_recall"]["low"], 27.0);
    assert_eq!(json["intervals"]["t2i"]["r10"]["high"], 55.00000000000001);
    assert_eq!((&json["intervals"]["resamples"], &json["intervals"]["seed"]), (&1000.into(), &95.into()));
    assert_eq!(
        (&json["size"]["whole"], &json["speed"]["processor"]),
        (&11_500_000.into(), &"Some CPU".into())
    );
    let bare = serde_json::to_value(bare("beta")).expect("JSON");
    for absent in ["t2i", "mean_recall", "accuracy", "confusion", "map", "open_words", "split"] {
        assert!(bare.get(absent).is_none(), "{absent}");
    }
}
