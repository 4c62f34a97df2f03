//! A broken picture in a data set is named and left out; it ends neither measuring nor fine-tuning.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clip_rs_stage::StageError;
use clip_rs_training::fine_tune::{self, Event, Settings};
use clip_rs_training::model::Quantization;
use clip_rs_training::{LeftOut, evaluate};
use image::{Rgb, RgbImage};

fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/rs-small")
}

/// Two folders of classes with three pictures each, and a half picture and a web page beside them.
fn classes(folder: &Path) -> PathBuf {
    let data = folder.join("classes");
    for (class, colour) in [("forest", [30, 120, 40]), ("water", [30, 60, 200])] {
        fs::create_dir_all(data.join(class)).expect("folder");
        for n in 0..3_u8 {
            let level = |x: u32, y: u32| colour.map(|level: u8| level + (x * y % 23) as u8 + n);
            let picture = RgbImage::from_fn(40, 40, |x, y| Rgb(level(x, y)));
            picture.save(data.join(class).join(format!("{n}.png"))).expect("write");
        }
    }
    let whole = fs::read(data.join("forest/0.png")).expect("read");
    fs::write(data.join("forest/half.png"), &whole[..whole.len() / 2]).expect("write");
    fs::write(data.join("water/page.jpg"), "<!doctype html><title>404</title>").expect("write");
    data
}

fn check(left_out: &[LeftOut]) {
    let said: Vec<String> = left_out.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("forest/half.png") && said[0].contains("breaks off"), "{said:?}");
    assert!(said[1].contains("water/page.jpg") && said[1].contains("web page"), "{said:?}");
}

#[test]
fn a_model_is_measured_on_the_pictures_that_can_be_read() -> Result<(), StageError> {
    let folder = tempfile::tempdir().expect("temporary folder");
    let request =
        evaluate::Request { models: vec![model()], data: classes(folder.path()), ..Default::default() };
    let reports = evaluate::evaluate(&request)?;
    assert_eq!((reports[0].images, reports[0].classified), (6, Some(6)));
    check(&reports[0].left_out);
    Ok(())
}

#[test]
fn a_model_is_fine_tuned_on_the_pictures_that_can_be_read() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let request = fine_tune::Request {
        model: model(),
        data: vec![classes(folder.path())],
        observe: Vec::new(),
        out: folder.path().join("out"),
        settings: Settings { epochs: 1, ..Settings::default() },
        quantization: Quantization::Q8_0,
        resume: false,
    };
    let mut begun = false;
    // Enough is known before the first step.
    let ended = fine_tune::fine_tune(&request, &mut |event| {
        if let Event::Begins(outline) = event {
            check(&outline.left_out);
            assert_eq!(outline.pictures + outline.checked, 6);
            begun = true;
        }
        ControlFlow::Break(())
    });
    assert!(begun, "{ended:?}");
}
