//! What every test needs: a tiny model, a few tiles, a catalog of them, and the command.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use candle_core::{Device, Tensor};
use clip_rs_pipeline::index::{Indexed, Request, index};
use clip_rs_search::model::{ModelConfig, TensorSpec};
use clip_rs_training::model::{Quantization, import};
use image::{Rgb, RgbImage};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Description of a model that embeds a picture in well under a millisecond.
pub const CONFIG: &str = r#"{
    "format": 1, "name": "tiny", "title": "Tiny", "embed_dim": 24, "logit_scale": 20.0,
    "provenance": "random numbers", "licence": "CC0",
    "tokenizer": {"vocab_size": 700, "start": 698, "end": 699},
    "text": {"context_length": 16, "token_dim": 32, "width": 32, "layers": 1, "heads": 2, "mlp": 64,
             "activation": "gelu", "layer_norm_eps": 1e-5},
    "image": {"image_size": 16, "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25],
              "resize": "bicubic", "fit": "short_side_centre_crop",
              "tower": {"kind": "resnet", "stem": [16], "stages": [{"width": 16, "blocks": 1}], "kernel": 3}}
}"#;

/// A trainer's reference folder with random weights; `change` may spoil them.
pub fn reference(folder: &Path, change: impl Fn(&mut HashMap<String, Tensor>)) {
    described_reference(CONFIG, folder, change);
}

/// The same for another description.
pub fn described_reference(description: &str, folder: &Path, change: impl Fn(&mut HashMap<String, Tensor>)) {
    let config = ModelConfig::from_json(description.as_bytes()).expect("a sound description");
    let mut dice = StdRng::seed_from_u64(5);
    let mut tensors: HashMap<String, Tensor> = HashMap::new();
    for TensorSpec { name, shape, .. } in config.text_tensors().into_iter().chain(config.image_tensors()) {
        let inputs: usize = shape.iter().skip(1).product();
        let scale = if shape.len() == 1 { 0.3 } else { (3.0 / inputs as f32).sqrt() };
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|_| dice.random_range(-scale..scale)).collect();
        let tensor = Tensor::from_vec(values, shape, &Device::Cpu).expect("a tensor");
        tensors.insert(name, tensor);
    }
    change(&mut tensors);
    fs::create_dir_all(folder).expect("folder");
    fs::write(folder.join("config.json"), description).expect("write");
    candle_core::safetensors::save(&tensors, folder.join("model.safetensors")).expect("write");
    let vocabulary = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/rs-small/vocabulary.txt");
    let vocabulary = fs::read_to_string(vocabulary).expect("the project's vocabulary");
    let start: String = vocabulary.lines().take(400).map(|line| format!("{line}\n")).collect();
    fs::write(folder.join("vocabulary.txt"), start).expect("write");
}

/// The tiny model as a package, made once.
pub fn model() -> PathBuf {
    static MODEL: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = MODEL.get_or_init(|| {
        let folder = tempfile::tempdir().expect("temporary folder");
        reference(&folder.path().join("reference"), |_| {});
        import(&folder.path().join("reference"), &folder.path().join("tiny"), Quantization::Q8_0)
            .expect("a sound model");
        folder
    });
    folder.path().join("tiny")
}

/// A copy of the tiny model in `folder` with a bank of concepts, by the command.
pub fn calibrated_model(folder: &Path) -> PathBuf {
    let (out, data) = (folder.join("calibrated"), folder.join("classes"));
    copy_folder(&model(), &out);
    for (seed, class) in ["field", "field", "pond", "pond"].into_iter().enumerate() {
        save(&data.join(format!("{class}/{seed}.png")), seed as u64);
    }
    let names: Vec<String> = (0..300).map(|at| format!("name {at} of a thing")).collect();
    let [thesaurus, phrases, unanswerable] = [
        ("thesaurus.ini", format!("[thing]\nsay: {}\n", names.join(", "))),
        ("phrases.txt", "a field: field\na duck pond: pond\na giraffe: -\n".to_owned()),
        ("unanswerable.txt", "asdf\nqwertz\n".to_owned()),
    ]
    .map(|(name, text)| {
        fs::write(folder.join(name), text).expect("write");
        folder.join(name)
    });
    let words = ["model", "calibrate"].map(PathBuf::from);
    let held = ["--held".into(), data, "-".into(), phrases];
    let files = ["--names".into(), thesaurus, "--unanswerable".into(), unanswerable];
    let done = clip_rs(words.into_iter().chain([out.clone()]).chain(held).chain(files));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(said(&done).contains("a bank of 300 names"));
    out
}

/// A picture of soft random blots, another one for each seed.
pub fn picture(seed: u64, side: u32) -> RgbImage {
    let mut dice = StdRng::seed_from_u64(seed);
    let waves: Vec<[f32; 4]> =
        (0..6).map(|_| [0.1, 0.1, 6.3, 60.0].map(|most: f32| dice.random_range(-most..most))).collect();
    RgbImage::from_fn(side, side, |x, y| {
        let level = |channel: usize| {
            let sum: f32 = waves[channel * 2..channel * 2 + 2]
                .iter()
                .map(|[kx, ky, phase, height]| (x as f32 * kx + y as f32 * ky + phase).sin() * height)
                .sum();
            (128.0 + sum) as u8
        };
        Rgb([level(0), level(1), level(2)])
    })
}

/// A pyramid of 3 x 2 tiles of zoom 14 with an overview, in Northern Virginia.
pub fn tiles(folder: &Path) -> PathBuf {
    let tiles = folder.join("tiles");
    for (seed, (z, x, y)) in [
        (14, 4700, 6267),
        (14, 4701, 6267),
        (14, 4702, 6267),
        (14, 4700, 6268),
        (14, 4701, 6268),
        (14, 4702, 6268),
        (13, 2350, 3133),
    ]
    .into_iter()
    .enumerate()
    {
        save(&tiles.join(format!("{z}/{x}/{y}.jpg")), seed as u64);
    }
    tiles
}

/// The pixels of a picture file, by another decoder than the command's.
pub fn pixels(path: &Path) -> RgbImage {
    image::open(path).expect("a picture").into_rgb8()
}

/// Writes a picture of 64 x 64 pixels, making its folder.
pub fn save(path: &Path, seed: u64) {
    fs::create_dir_all(path.parent().expect("parent")).expect("folder");
    picture(seed, 64).save(path).expect("write");
}

/// A request for a catalog `out` beside what is indexed.
pub fn request(folder: &Path) -> Request {
    Request { model: model(), out: folder.join("catalog"), ..Request::default() }
}

/// Tiles, with their catalog in `catalog/`.
pub fn catalog() -> (tempfile::TempDir, Indexed) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let tiles = vec![tiles(folder.path())];
    let indexed = index(&Request { tiles, ..request(folder.path()) }).expect("a catalog");
    (folder, indexed)
}

/// Runs `clip-rs`.
pub fn clip_rs<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Output {
    command(args).output().expect("the command starts")
}

/// `clip-rs`, not yet started.
pub fn command<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clip-rs"));
    command.args(args);
    command
}

/// Standard output as text, after checking that the command went well.
pub fn said(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", output.status);
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// Every file below a folder, with its content.
pub fn snapshot(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").to_string_lossy().replace('\\', "/");
                found.insert(name, fs::read(&path).expect("read"));
            }
        }
    }
    found
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    for (name, content) in snapshot(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        fs::write(path, content).expect("write");
    }
}
