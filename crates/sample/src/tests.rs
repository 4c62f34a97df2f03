//! What the sample area promises: repeatable, without seams, complete, and truthful in labels and captions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::class::Class;
use crate::geometry::P;
use crate::labels::{Label, Labels};
use crate::paint::METRES_PER_PIXEL;
use crate::scene::{Draw, Scene};
use crate::texture::Texture;
use crate::tile::{self, TILE};
use crate::words::WORDS;
use crate::{SampleError, SampleOptions, captions, county, generate};

fn options(seed: u64, size: u32) -> SampleOptions {
    SampleOptions { seed, size, ..SampleOptions::default() }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                out.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    out
}

fn sample(seed: u64, size: u32) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("area");
    generate(&target, &options(seed, size), &|_, _| {}).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "a draft was left behind");
    files(&target)
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_another_county() {
    let first = sample(5, 3);
    assert_eq!(first, sample(5, 3));
    assert_ne!(first["labels.jsonl"], sample(6, 3)["labels.jsonl"]);
}

#[test]
fn a_sample_folder_has_every_file_of_its_contract() {
    let files = sample(5, 3);
    for name in ["sample.json", "labels.jsonl", "dataset.json", "addresses.csv"] {
        assert!(files.contains_key(name), "{name} is missing");
    }
    assert_eq!(files.keys().filter(|n| n.starts_with("tiles/17/")).count(), 9);
    // Shallower tiles are there as far as the area fills them: four of nine make one, and nine do not fill sixteen.
    assert_eq!(files.keys().filter(|n| n.starts_with("tiles/16/")).count(), 1);
    assert_eq!(files.keys().filter(|n| n.starts_with("tiles/15/")).count(), 0);
    let about: serde_json::Value = serde_json::from_slice(&files["sample.json"]).unwrap();
    assert_eq!(about["synthetic"], true);
    let data: serde_json::Value = serde_json::from_slice(&files["dataset.json"]).unwrap();
    assert_eq!(data["image_folder"], "tiles");
    for image in data["images"].as_array().unwrap() {
        let name = format!("tiles/{}", image["filename"].as_str().unwrap());
        assert!(files.contains_key(&name), "{name} is named but missing");
        assert_eq!(image["sentences"].as_array().unwrap().len(), captions::PER_TILE);
    }
    let labels = String::from_utf8(files["labels.jsonl"].clone()).unwrap();
    assert_eq!(labels.lines().count(), 9);
}

#[test]
fn a_folder_with_other_things_in_it_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    let refused = generate(folder.path(), &options(5, 1), &|_, _| {});
    assert!(matches!(refused, Err(SampleError::Occupied { .. })));
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn sizes_out_of_range_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for size in [0, super::MAX_SIZE + 1] {
        let refused = generate(&folder.path().join("area"), &options(5, size), &|_, _| {});
        assert!(matches!(refused, Err(SampleError::Option { option: "size", .. })));
    }
}

/// Mean difference of two pixel columns given as functions of the row.
fn difference(a: impl Fn(usize) -> [u8; 3], b: impl Fn(usize) -> [u8; 3]) -> f64 {
    let sum: u64 =
        (0..TILE).map(|y| a(y).iter().zip(b(y)).map(|(&p, q)| u64::from(p.abs_diff(q))).sum::<u64>()).sum();
    sum as f64 / TILE as f64
}

#[test]
fn neighbouring_tiles_meet_as_smoothly_as_columns_within_a_tile() {
    for seed in [3, 4] {
        let (scene, _) = county(&options(seed, 6));
        let texture = Texture::new(seed);
        let (mut border, mut inside, mut pairs) = (0.0, 0.0, 0.0);
        for row in 0..4 {
            let tiles: Vec<Vec<u8>> =
                (0..4).map(|column| tile::render(&scene, &texture, column, row).unwrap().rgb).collect();
            for pair in tiles.windows(2) {
                let at = |k: usize, x: usize| {
                    let tile = &pair[k];
                    move |y: usize| {
                        let p = (y * TILE + x) * 3;
                        [tile[p], tile[p + 1], tile[p + 2]]
                    }
                };
                border += difference(at(0, TILE - 1), at(1, 0));
                inside += difference(at(0, TILE - 2), at(0, TILE - 1)) + difference(at(1, 0), at(1, 1));
                pairs += 1.0;
            }
        }
        let (border, inside) = (border / pairs, inside / pairs / 2.0);
        assert!(border < inside * 1.12, "seed {seed}: {border:.2} across tiles, {inside:.2} within them");
    }
}

/// The classes whose objects or ground lie in the area, each with the tiles that hold an object's middle.
fn classes(scene: &Scene, size: u32) -> BTreeMap<Class, BTreeSet<(i64, i64)>> {
    let tile_m = TILE as f64 * METRES_PER_PIXEL;
    let mut out: BTreeMap<Class, BTreeSet<(i64, i64)>> = BTreeMap::new();
    let mut note = |class: Class, at: P| {
        let cell = ((at.x / tile_m).floor() as i64, (at.y / tile_m).floor() as i64);
        let range = 0..i64::from(size);
        if range.contains(&cell.0) && range.contains(&cell.1) {
            out.entry(class).or_default().insert(cell);
        }
    };
    for item in &scene.items {
        let (bounds, _) = item.extent();
        let middle = (bounds.min + bounds.max) * 0.5;
        note(item.place, middle);
        if let Draw::Fill { ink, .. } | Draw::Raised { ink, .. } | Draw::Line { ink, .. } = &item.draw {
            note(ink.class, middle);
        }
    }
    for i in &scene.instances {
        note(i.class, i.at);
    }
    out
}

#[test]
fn an_area_of_full_size_shows_every_class_and_the_sought_ones_often() {
    for seed in [7, 11] {
        let (scene, _) = county(&options(seed, 48));
        let found = classes(&scene, 48);
        for class in Class::ALL {
            assert!(found.contains_key(class), "seed {seed} has no {}", class.name());
        }
        let often = [
            (Class::BaseballField, 8),
            (Class::StorageTank, 8),
            (Class::Airplane, 6),
            (Class::Bridge, 6),
            (Class::SolarFarm, 5),
            (Class::TennisCourt, 8),
            (Class::Stadium, 4),
            (Class::Roundabout, 8),
            (Class::SwimmingPool, 20),
            (Class::RunningTrack, 8),
            (Class::CarPark, 20),
            (Class::Boat, 5),
            (Class::SoccerField, 8),
            (Class::Pond, 8),
            (Class::School, 6),
        ];
        for (class, least) in often {
            let have = found[&class].len();
            assert!(have >= least, "seed {seed}: {} in {have} tiles, wanted {least}", class.name());
        }
    }
}

#[test]
fn a_small_area_still_shows_most_classes() {
    for seed in [1, 2, 3] {
        let (scene, _) = county(&options(seed, 8));
        let found = classes(&scene, 8);
        let missing: Vec<_> =
            Class::ALL.iter().filter(|c| !found.contains_key(c)).map(|c| c.name()).collect();
        assert!(missing.len() <= 7, "seed {seed} lacks {missing:?}");
    }
}

#[test]
fn labels_are_shares_of_the_tile() {
    let (scene, _) = county(&options(9, 6));
    let texture = Texture::new(9);
    for column in 0..6 {
        let labels = tile::render(&scene, &texture, column, 3).unwrap().labels;
        for (class, label) in &labels.classes {
            let sane = label.area > 0.0 && label.area <= 1.0 && label.count >= 1;
            assert!(sane, "{} of tile {column}: {label:?}", class.name());
        }
        // Each pixel has one surface and at most one place.
        let sum: f64 = labels.classes.iter().map(|(_, l)| l.area).sum();
        assert!(sum <= 2.0 + 1e-9, "tile {column}: {sum}");
    }
}

/// Words that only tiles of a class may use.
const TELLING: &[(Class, &[&str])] = &[
    (Class::Stadium, &["stadium", "arena"]),
    (Class::Airplane, &["airplane", "plane", "planes", "aircraft", "airliners"]),
    (Class::StorageTank, &["tank", "tanks"]),
    (Class::Bridge, &["bridge", "bridges"]),
    (Class::BaseballField, &["baseball", "softball"]),
    (Class::TennisCourt, &["tennis"]),
    (Class::SolarFarm, &["solar", "photovoltaic"]),
    (Class::Boat, &["boat", "yachts"]),
    (Class::Roundabout, &["roundabout", "rotary"]),
    (Class::GolfCourse, &["golf"]),
    (Class::SwimmingPool, &["swimming", "pools"]),
    (Class::Beach, &["beach"]),
    (Class::School, &["school"]),
    (Class::River, &["river"]),
];

#[test]
fn captions_speak_only_of_what_the_labels_contain() {
    for (k, words) in WORDS.iter().enumerate() {
        for (n, count) in [(0, 1), (1, 4), (2, 30)] {
            let label = Label { area: 0.6, count };
            let labels = Labels {
                classes: vec![(words.class, label), (Class::Forest, Label { area: 0.3, count: 1 })],
            };
            for text in captions::captions(&labels, (k * 3 + n) as u64) {
                assert!(text.ends_with(" ."), "{text}");
                for (class, telling) in TELLING {
                    let near = [(Class::Bridge, Class::River), (Class::Marina, Class::Boat)];
                    let told = *class == words.class || near.contains(&(words.class, *class));
                    let said = text.split_whitespace().any(|word| telling.contains(&word));
                    assert!(told || !said, "{} in a caption of {}: {text}", class.name(), words.class.name());
                }
            }
        }
    }
}

#[test]
fn captions_of_one_tile_differ_and_name_what_stands_out() {
    let labels = Labels {
        classes: vec![
            (Class::BaseballField, Label { area: 0.3, count: 2 }),
            (Class::School, Label { area: 0.5, count: 1 }),
        ],
    };
    let texts = captions::captions(&labels, 1);
    let different: BTreeSet<_> = texts.iter().collect();
    assert!(different.len() >= 4, "{texts:?}");
    let named = texts.iter().filter(|t| t.contains("ball") || t.contains("diamond")).count();
    assert!(named >= 4, "{texts:?}");
}

#[test]
fn addresses_lie_in_the_area() {
    let files = sample(5, 4);
    let about: serde_json::Value = serde_json::from_slice(&files["sample.json"]).unwrap();
    let bounds: Vec<f64> = about["bounds"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    let csv = String::from_utf8(files["addresses.csv"].clone()).unwrap();
    let mut rows = csv.lines();
    assert_eq!(rows.next(), Some("longitude,latitude,address"));
    for row in rows {
        let cells: Vec<_> = row.split(',').collect();
        let (lng, lat): (f64, f64) = (cells[0].parse().unwrap(), cells[1].parse().unwrap());
        let inside = (bounds[0]..=bounds[2]).contains(&lng) && (bounds[1]..=bounds[3]).contains(&lat);
        assert!(inside && cells.len() == 3, "{row}");
    }
}
