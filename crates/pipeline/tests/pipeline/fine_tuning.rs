//! Fine-tuning of tiny models on coloured shapes: that they learn, what changes, and what is refused.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use clip_rs_stage::StageError;
use clip_rs_training::fine_tune::{Event, FineTuned, Method, Request, Row, Settings, Towers, fine_tune};
use clip_rs_training::model::{Package, Quantization, import};
use image::{Rgb, RgbImage};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::support::{CONFIG, clip_rs, command, described_reference, model, said};

/// A package of random weights with a vision transformer.
fn vit(folder: &Path) -> PathBuf {
    let (before, _) = CONFIG.split_once(r#""tower""#).expect("a tower");
    let config = format!(
        r#"{before}"tower": {{"kind": "vit", "patch": 4, "width": 32, "layers": 1, "heads": 2, "mlp": 64,
            "activation": "quick_gelu", "layer_norm_eps": 1e-5}}}}}}"#
    );
    described_reference(&config, &folder.join("vit-reference"), |_| {});
    let out = folder.join("vit");
    import(&folder.join("vit-reference"), &out, Quantization::Q8_0).expect("a sound model");
    out
}

const COLOURS: [(&str, [u8; 3]); 3] =
    [("red", [220, 30, 40]), ("green", [40, 200, 50]), ("blue", [30, 60, 230])];

/// A square or a ring of one colour on a grey ground with some noise.
fn shape(seed: u64, colour: [u8; 3], ring: bool) -> RgbImage {
    let mut dice = StdRng::seed_from_u64(seed);
    let (left, top) = (dice.random_range(8..16), dice.random_range(8..16));
    RgbImage::from_fn(40, 40, |x, y| {
        let (x, y) = (x as i32 - left, y as i32 - top);
        let inside = |from: i32, to: i32| (from..to).contains(&x) && (from..to).contains(&y);
        let drawn = inside(0, 18) && !(ring && inside(5, 13));
        let level = |channel: u8| channel.saturating_add(dice.random_range(0..20));
        Rgb(if drawn { colour } else { [110; 3] }.map(level))
    })
}

/// 24 pictures with captions, six of which are of the split `val`.
fn captioned(folder: &Path) -> PathBuf {
    let data = folder.join("shapes");
    fs::create_dir_all(data.join("images")).expect("folder");
    let mut images = Vec::new();
    for n in 0..24_usize {
        let ((name, colour), ring) = (COLOURS[n % 3], n / 3 % 2 == 1);
        let file = format!("{n}.png");
        shape(n as u64, colour, ring).save(data.join("images").join(&file)).expect("write");
        let form = if ring { "ring" } else { "square" };
        let sentences = [format!("a {name} {form}"), format!("one {form} is {name}")];
        images.push(json!({"filename": file, "split": if n < 18 { "train" } else { "val" },
            "sentences": sentences.map(|raw| json!({"raw": raw}))}));
    }
    fs::write(data.join("dataset.json"), json!({"images": images}).to_string()).expect("write");
    data
}

/// 30 pictures in a folder for each colour, one folder down.
fn classes(folder: &Path) -> PathBuf {
    let data = folder.join("colours");
    for n in 0..30_usize {
        let (name, colour) = COLOURS[n % 3];
        let class = data.join(format!("Images/{name}Shapes"));
        fs::create_dir_all(&class).expect("folder");
        shape(n as u64, colour, n / 3 % 2 == 1).save(class.join(format!("{n}.png"))).expect("write");
    }
    data
}

fn request(model: PathBuf, data: PathBuf, out: PathBuf) -> Request {
    let settings =
        Settings { epochs: 8, batch: 9, rate: 3e-3, patience: 8, keep: 0.0, ..Settings::default() };
    Request {
        model,
        data: vec![data],
        observe: Vec::new(),
        out,
        settings,
        quantization: Quantization::F32,
        resume: false,
    }
}

/// The result with the rows of all steps.
fn run(request: &Request) -> Result<(FineTuned, Vec<Row>), StageError> {
    let mut rows = Vec::new();
    let tuned = fine_tune(request, &mut |event| {
        if let Event::Step(row) | Event::Epoch(row) = event {
            rows.push(row.clone());
        }
        ControlFlow::Continue(())
    })?;
    Ok((tuned, rows))
}

fn mean(rows: &[Row]) -> f32 {
    rows.iter().filter_map(|row| row.loss).sum::<f32>() / rows.len() as f32
}

#[test]
fn a_short_run_reduces_the_loss_of_both_kinds_of_tower() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = captioned(folder.path());
    for (name, model) in [("resnet", model()), ("vit", vit(folder.path()))] {
        for method in [Method::Full, Method::Lora { rank: 8 }] {
            let out = folder.path().join(format!("{name}-{method:?}").replace([' ', '{', '}', ':'], ""));
            let mut request = request(model.clone(), data.clone(), out.clone());
            request.settings.method = method;
            if method != Method::Full {
                request.settings.rate *= 4.0;
            }
            request.settings.epochs = 20;
            request.settings.patience = 20;
            let (tuned, rows) = run(&request).expect("a model");
            assert_eq!(rows.len(), 40, "two steps an epoch");
            let (first, last) = (mean(&rows[..4]), mean(&rows[36..]));
            assert!(last < 0.75 * first, "{name}, {method:?}: the loss went from {first} to {last}");
            let checked = tuned.checked;
            let (start, tuned) = (checked.start.expect("checked"), checked.tuned.expect("checked"));
            assert!(tuned.mean_recall > start.mean_recall, "{name}, {method:?}: {start:?}, {tuned:?}");
            Package::read(&out).expect("a package").image_encoder().expect("a tower");
        }
    }
}

#[test]
fn the_command_writes_a_package_that_evaluate_takes_and_a_log() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (data, out) = (captioned(folder.path()), folder.path().join("tuned"));
    let said_of = said(&clip_rs([
        "fine-tune".as_ref(),
        "--model".as_ref(),
        model().as_os_str(),
        "--data".as_ref(),
        data.as_os_str(),
        classes(folder.path()).as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
        "--epochs".as_ref(),
        "2".as_ref(),
        "--batch".as_ref(),
        "5".as_ref(),
        "--accumulate".as_ref(),
        "3".as_ref(),
        "--observe".as_ref(),
        data.as_os_str(),
    ]));
    assert!(said_of.contains("shapes, which was only observed"), "{said_of}");
    assert!(said_of.contains("mean recall") && said_of.contains("accuracy"), "{said_of}");
    let package = Package::read(&out).expect("a package");
    let config = &package.config;
    assert_eq!(
        (config.name.as_str(), config.title.as_str()),
        ("tuned", "Tiny, fine-tuned on shapes and colours")
    );
    assert!(
        config
            .provenance
            .starts_with("random numbers; fine-tuned from tiny on shapes and colours by clip-rs"),
        "{}",
        config.provenance
    );
    let log = fs::read_to_string(folder.path().join("tuned.training/log.csv")).expect("a log");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines[0], "step,epoch,loss,rate,validation_loss,mean_recall,accuracy,seconds");
    // 18 and 27 pictures, 15 in a step: three steps an epoch, and the row before the first.
    assert_eq!(lines.len(), 1 + 1 + 2 * 3, "{log}");
    let checked = |line: &&&str| line.split(',').nth(4).is_some_and(|loss| !loss.is_empty());
    assert_eq!(lines[1..].iter().filter(checked).count(), 3, "{log}");
    assert!(!folder.path().join("tuned.training/checkpoint.safetensors").exists(), "the run is over");
    let table = said(&clip_rs([
        "evaluate".as_ref(),
        "--model".as_ref(),
        out.as_os_str(),
        "--data".as_ref(),
        data.as_os_str(),
        "--split".as_ref(),
        "val".as_ref(),
    ]));
    assert!(table.contains("tuned"), "{table}");
}

#[test]
fn adapters_change_only_the_matrices_they_are_for() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let out = folder.path().join("tuned");
    let mut request = request(model(), captioned(folder.path()), out.clone());
    request.settings.method = Method::Lora { rank: 2 };
    request.settings.towers = Towers::Image;
    run(&request).expect("a model");
    let (before, after) = (Package::read(&model()).expect("read"), Package::read(&out).expect("read"));
    let text = |package: &Package| package.config.text_weights(&package.text).expect("weights");
    let image = |package: &Package| package.config.image_weights(&package.image).expect("weights");
    let changed = |before: HashMap<String, Vec<f32>>, after: &HashMap<String, Vec<f32>>| {
        let names = before.into_iter().filter(|(name, numbers)| *numbers != after[name]);
        names.map(|(name, _)| name).collect::<BTreeSet<String>>()
    };
    assert_eq!(changed(text(&before), &text(&after)), BTreeSet::new(), "the text tower is frozen");
    let adapted = ["stem.0", "stages.0.blocks.0.conv1", "stages.0.blocks.0.conv2"];
    let mut adapted: BTreeSet<String> =
        adapted.iter().map(|name| format!("vision_model.{name}.weight")).collect();
    adapted.insert("visual_projection.weight".to_owned());
    assert_eq!(changed(image(&before), &image(&after)), adapted);
    assert_ne!(before.config.logit_scale, after.config.logit_scale, "the scale is trained as well");
}

#[test]
fn a_stopped_run_goes_on_to_the_same_result() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = captioned(folder.path());
    let weights = |out: &Path| {
        fs::read(out.with_extension("training").join("reference/model.safetensors")).expect("weights")
    };
    let whole = folder.path().join("whole");
    let mut wanted = request(model(), data, whole.clone());
    wanted.settings.epochs = 3;
    let (_, rows) = run(&wanted).expect("a model");

    let stopped = folder.path().join("stopped");
    let mut again = Request { out: stopped.clone(), ..wanted };
    let mut left = 3;
    // The third of six steps is in the middle of the second epoch.
    let error = fine_tune(&again, &mut |event| {
        left -= usize::from(!matches!(event, Event::Begins(_)));
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let error = error.expect_err("stopped").to_string();
    assert!(error.contains("stopped after 3 of 6 steps") && error.contains("--resume"), "{error}");
    assert!(!stopped.exists(), "there is no package yet");

    let error = run(&again).expect_err("there is an unfinished run").to_string();
    assert!(error.contains("unfinished") && error.contains("checkpoint.safetensors"), "{error}");
    again.resume = true;
    again.settings.rate *= 2.0;
    let error = run(&again).expect_err("another rate").to_string();
    assert!(error.contains("begun with rate = 0.003, not 0.006"), "{error}");
    again.settings.rate /= 2.0;
    let (_, rest) = run(&again).expect("a model");
    let losses = |rows: &[Row]| rows.iter().map(|row| row.loss).collect::<Vec<_>>();
    assert_eq!(losses(&rest), losses(&rows[3..]));
    assert_eq!(weights(&stopped), weights(&whole));
    let log = fs::read_to_string(stopped.with_extension("training").join("log.csv")).expect("a log");
    assert_eq!(log.lines().count(), 1 + 1 + 6);
    let error = run(&again).expect_err("the run is over").to_string();
    assert!(error.contains("begin without --resume"), "{error}");
}

/// Runs the command for 40 epochs; where standard error has a line that contains
/// `at`, so many interrupts are sent, half a second apart. Its exit code, and what it said.
#[cfg(unix)]
fn interrupted(data: &Path, out: &Path, more: &[&str], at: &str, times: usize) -> (Option<i32>, String) {
    let paths = [&model(), data, out].map(|path| path.to_string_lossy().into_owned());
    let words = ["fine-tune", "--model", &paths[0], "--data", &paths[1], "--out", &paths[2]];
    let usual = ["--epochs", "40", "--patience", "40", "--quantize", "f32"];
    let mut run = command(words.iter().chain(&usual).chain(more));
    let mut run = run.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the command starts");
    let (mut told, mut left) = (String::new(), times);
    for line in BufReader::new(run.stderr.take().expect("piped")).lines() {
        let line = line.expect("text");
        while left > 0 && line.contains(at) {
            let sent = Command::new("kill").args(["-INT", &run.id().to_string()]).status();
            assert!(sent.expect("kill starts").success());
            left -= 1;
            if left > 0 {
                std::thread::sleep(Duration::from_millis(500));
            }
        }
        told = format!("{told}{line}\n");
    }
    (run.wait().expect("ended").code(), told)
}

#[cfg(unix)]
#[test]
fn an_interrupted_command_keeps_what_it_learned_and_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = captioned(folder.path());
    let weights = |out: &Path| {
        fs::read(out.with_extension("training").join("reference/model.safetensors")).expect("weights")
    };
    let (whole, stopped) = (folder.path().join("whole"), folder.path().join("stopped"));
    let (code, told) = interrupted(&data, &whole, &["--batch", "9"], "", 0);
    assert_eq!(code, Some(0), "{told}");

    let (code, told) = interrupted(&data, &stopped, &["--batch", "9"], "Epoch 3:", 1);
    assert_eq!(code, Some(130), "{told}");
    assert!(told.contains("of 80 steps; --resume goes on from there"), "{told}");
    assert!(!stopped.exists() && !told.contains("Epoch 40:"), "{told}");
    let (code, told) = interrupted(&data, &stopped, &["--batch", "9", "--resume"], "", 0);
    assert_eq!(code, Some(0), "{told}");
    assert!(!told.contains("Epoch 3:") && told.contains("Epoch 40:"), "{told}");
    assert_eq!(weights(&stopped), weights(&whole));
}

#[cfg(unix)]
#[test]
fn a_second_interrupt_ends_the_command_at_once() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = captioned(folder.path());
    // A step of so many pictures takes long.
    let images: Vec<Value> = (0..1200)
        .map(|n| {
            let file = format!("copy-{n}.png");
            fs::copy(data.join("images/0.png"), data.join("images").join(&file)).expect("copied");
            json!({"filename": file, "split": "train", "sentences": [{"raw": format!("square {n}")}]})
        })
        .collect();
    fs::write(data.join("dataset.json"), json!({"images": images}).to_string()).expect("write");
    let out = folder.path().join("tuned");
    let (code, told) = interrupted(&data, &out, &["--batch", "1200"], "Before:", 2);
    assert_eq!(code, Some(130), "{told}");
    assert!(told.contains("a second one ends it at once") && !told.contains("--resume"), "{told}");
    assert!(!out.with_extension("training").join("checkpoint.safetensors").exists());
}

#[test]
fn a_run_that_gets_no_better_ends_and_its_best_epoch_is_what_is_written() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut request = request(model(), captioned(folder.path()), folder.path().join("tuned"));
    // So fast that the model is spoilt.
    request.settings.rate = 0.1;
    request.settings.patience = 2;
    let (tuned, rows) = run(&request).expect("a model");
    assert!(rows.len() < 16, "ended early");
    assert_eq!(rows.len(), 2 * (tuned.best_epoch + 2), "two epochs after the best");
    assert_eq!(tuned.checked.written, tuned.checked.tuned);
    let (start, best) = (tuned.checked.start.expect("checked"), tuned.checked.tuned.expect("checked"));
    assert!(best.mean_recall >= start.mean_recall, "{start:?}, {best:?}");
}

#[test]
fn the_result_lies_between_the_original_and_what_was_trained() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = captioned(folder.path());
    let weights = |keep: f64| {
        let out = folder.path().join(format!("keep-{}", keep * 100.0));
        let mut request = request(model(), data.clone(), out.clone());
        (request.settings.epochs, request.settings.keep) = (2, keep);
        run(&request).expect("a model");
        let package = Package::read(&out).expect("a package");
        let weights = package.config.image_weights(&package.image).expect("weights");
        weights["visual_projection.weight"].clone()
    };
    let (tuned, quarter, original) = (weights(0.0), weights(0.25), weights(1.0));
    let package = Package::read(&model()).expect("a package");
    let start = package.config.image_weights(&package.image).expect("weights");
    assert_eq!(original, start["visual_projection.weight"]);
    assert_ne!(tuned, original);
    for ((mixed, tuned), original) in quarter.iter().zip(&tuned).zip(&original) {
        assert!((mixed - (0.75 * tuned + 0.25 * original)).abs() < 1e-6);
    }
}

#[test]
fn what_cannot_be_trained_on_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let refusal = |data: &Path, change: &dyn Fn(&mut Request)| {
        let mut request = request(model(), data.to_owned(), folder.path().join("out"));
        change(&mut request);
        let error = run(&request).expect_err("refused").to_string();
        assert!(!folder.path().join("out").exists(), "nothing was written");
        error
    };
    let as_it_is = |_: &mut Request| {};
    let check = |error: String, expected: &[&str]| {
        assert!(expected.iter().all(|part| error.contains(part)), "{error}");
    };
    check(refusal(&folder.path().join("none"), &as_it_is), &["none: no such data set"]);
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).expect("folder");
    check(refusal(&empty, &as_it_is), &["empty", "neither a dataset.json nor"]);

    let data = classes(folder.path());
    fs::create_dir(data.join("Images/yellowShapes")).expect("folder");
    check(refusal(&data, &as_it_is), &["yellowShapes", "without pictures"]);
    // Broken pictures are left out, but what is left must be something.
    for shapes in fs::read_dir(data.join("Images")).expect("folder").map(|entry| entry.expect("entry").path())
    {
        for picture in fs::read_dir(&shapes).expect("folder").map(|entry| entry.expect("entry").path()) {
            fs::write(picture, "no picture").expect("write");
        }
        fs::write(shapes.join("1.png"), "no picture").expect("write");
    }
    check(refusal(&data, &as_it_is), &["colours", ".png"]);

    let other = folder.path().join("other");
    fs::create_dir(&other).expect("folder");
    let image = json!({"filename": "1.png", "split": "test", "sentences": [{"raw": "a field"}]});
    fs::write(other.join("dataset.json"), json!({"images": [image]}).to_string()).expect("write");
    check(refusal(&other, &as_it_is), &["other", "no split \"train\""]);

    let data = captioned(folder.path());
    check(refusal(&data, &|request| request.settings.batch = 1), &["--batch is 1, expected 2 to"]);
    check(refusal(&data, &|request| request.settings.keep = 1.5), &["--keep is 1.5, expected 0 to 1"]);
    check(refusal(&data, &|request| request.out = request.model.clone()), &["is the model itself"]);
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).expect("folder");
    fs::write(taken.join("letter.txt"), "mine").expect("write");
    check(refusal(&data, &|request| request.out = taken.clone()), &["taken", "holds letter.txt"]);
}
