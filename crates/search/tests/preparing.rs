//! Pictures are prepared as the reference prepares them: Pillow's bicubic resize and torchvision's centre crop.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use std::path::Path;

use clip_rs_search::model::{ImagePixels, ModelConfig};

/// Most that pictures may differ on average, grey levels of 256.
const MOST: f64 = 1.0;

#[test]
fn pictures_of_awkward_sizes_differ_from_the_reference_by_less_than_a_grey_level() {
    // Made by models/parity/make_fixtures.py: `expected-SIDE-NAME` is what the reference makes of `NAME`.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/parity/fixtures/pictures");
    let mut compared = 0;
    for entry in std::fs::read_dir(&folder).expect("the fixtures") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let Some((side, picture)) = name.strip_prefix("expected-").and_then(|rest| rest.split_once('-'))
        else {
            continue;
        };
        let mut config: ModelConfig = common::config(None, "gelu", common::RESNET);
        config.image.image_size = side.parse().expect("a number");
        // So that the numbers are grey levels.
        (config.image.mean, config.image.std) = ([0.0; 3], [1.0 / 255.0; 3]);
        let picture = image::open(folder.join(picture)).expect("the picture").into_rgb8();
        let found = ImagePixels::from_rgb(&config.image, &picture).expect("prepared");
        let expected = image::open(&path).expect("a PNG").into_rgb8();
        assert_eq!(found.values().len(), expected.as_raw().len(), "{name}");
        let differences =
            found.values().iter().zip(expected.as_raw()).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
        let (sum, most) = differences.fold((0.0, 0.0_f64), |(sum, most), d| (sum + d, most.max(d)));
        let mean = sum / found.values().len() as f64;
        assert!(mean < MOST, "{name}: {mean} grey levels on average");
        assert!(most < 2.5, "{name}: {most} grey levels somewhere");
        compared += 1;
    }
    assert_eq!(compared, 8);
}
