//! The browser's text vectors are those of the native command: one engine on two processors, whose kernels give the same bits
//! (`crates/search/tests/same_everywhere.rs`); printed numbers are rounded.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use clip_rs_tests::ask_worker;
use serde::Deserialize;

use crate::Visit;

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vec<f64>>,
}

/// Fifty things people might type: plain, long, misspelt, foreign, hardly text.
const SENTENCES: &str = include_str!("sentences.txt");

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn text_vectors_of_browser_and_native_command_agree() -> Result<()> {
    let visit = Visit::ready("")?;
    let sentences: Vec<&str> = SENTENCES.lines().collect();
    assert_eq!(sentences.len(), 50);
    let encode = serde_json::json!({ "type": "encode", "texts": sentences });
    let answers: Vec<Vectors> = visit.page.eval(&ask_worker(&visit.site, &[encode]))?;
    let browser = &answers.first().context("no answer")?.vectors;
    let native = native_vectors(&visit, &sentences)?;
    assert_eq!((browser.len(), native.len()), (50, 50));
    for ((sentence, a), b) in sentences.iter().zip(browser).zip(&native) {
        assert_eq!(a.len(), b.len());
        let cosine: f64 = a.iter().zip(b).map(|(x, y)| x * y).sum();
        assert!(cosine >= 0.9999, "{sentence:?}: cosine {cosine}");
        let length: f64 = a.iter().map(|x| x * x).sum::<f64>().sqrt();
        assert!((length - 1.0).abs() < 1e-3, "{sentence:?}: length {length}");
    }
    let alike: f64 = browser[0].iter().zip(&browser[1]).map(|(x, y)| x * y).sum();
    assert!(alike < 0.999, "different sentences have different vectors");
    Ok(())
}

fn native_vectors(visit: &Visit, sentences: &[&str]) -> Result<Vec<Vec<f64>>> {
    let output = Command::new(&visit.artifacts.clip_rs)
        .arg("encode")
        .arg(&visit.artifacts.catalog)
        .arg("--")
        .args(sentences)
        .output()
        .context("running clip-rs encode")?;
    ensure!(output.status.success(), "clip-rs encode: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}
