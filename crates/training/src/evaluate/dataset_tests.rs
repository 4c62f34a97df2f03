//! Tests of reading data sets: layouts, archives, splits, and what is refused.

use std::io::Write;

use super::*;

const DESCRIPTION: &str = r#"{"dataset":"tiny","images":[
    {"filename":"airport_1.jpg","split":"test","sentences":[{"raw":"planes ."},{"raw":" "},{"raw":"a runway"}]},
    {"filename":"00012.jpg","split":"test","sentences":[{"raw":"a field"}]},
    {"filename":"pond_2.jpg","split":"train","sentences":[]}]}"#;

fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content.as_bytes()).expect("append");
    }
    builder.into_inner().expect("archive")
}

fn lay_out(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        std::fs::write(path, content).expect("write");
    }
    folder
}

fn names(dataset: &Dataset) -> Vec<&str> {
    dataset.examples.iter().map(|example| example.name.as_str()).collect()
}

#[test]
fn a_folder_a_tar_and_a_gzipped_tar_read_alike() -> Result<(), StageError> {
    let files = [
        ("dataset.json", DESCRIPTION),
        ("images/airport_1.jpg", "A"),
        ("images/00012.jpg", "B"),
        ("images/pond_2.jpg", "C"),
    ];
    let folder = lay_out(&files);
    let expected = Dataset::read(folder.path(), Some("test"))?;
    assert_eq!(names(&expected), ["airport_1.jpg", "00012.jpg"]);
    assert_eq!(expected.examples[0].captions, ["planes .", "a runway"]);
    assert_eq!(expected.examples[0].class.as_deref(), Some("airport"));
    assert_eq!((expected.examples[1].content.as_slice(), &expected.examples[1].class), (&b"B"[..], &None));

    let plain = tar(&files);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).expect("compress");
    for content in [plain, gzip.finish().expect("compress")] {
        let path = folder.path().join("data.bin");
        std::fs::write(&path, content).expect("write");
        assert_eq!(Dataset::read(&path, Some("test"))?, expected);
        assert_eq!(Dataset::read(&path, None)?, expected, "the test split is the usual one");
        assert_eq!(names(&Dataset::read(&path, Some("train"))?), ["pond_2.jpg"]);
    }
    Ok(())
}

#[test]
fn pictures_may_lie_in_another_folder_and_the_whole_in_a_folder_of_the_archive() -> Result<(), StageError> {
    let description = r#"{"image_folder":"tiles","images":[{"filename":"17/1/2.jpg","split":"train"}]}"#;
    let folder = lay_out(&[("area/dataset.json", description), ("area/tiles/17/1/2.jpg", "A")]);
    let dataset = Dataset::read(folder.path(), None)?;
    assert_eq!((names(&dataset), &dataset.split), (vec!["17/1/2.jpg"], &None));
    Ok(())
}

#[test]
fn folders_are_classes_with_or_without_splits() -> Result<(), StageError> {
    let folder = lay_out(&[("pond/1.jpg", "A"), ("SolarFarm/1.png", "B"), ("pond/notes.txt", "")]);
    let dataset = Dataset::read(folder.path(), None)?;
    assert_eq!(dataset.classes(), (vec!["SolarFarm".into(), "pond".into()], vec![(0, 0), (1, 1)]));
    assert!(Dataset::read(folder.path(), Some("test")).is_err());

    let folder = lay_out(&[("test/pond/1.jpg", "A"), ("test/river/1.jpg", "B"), ("train/pond/2.jpg", "C")]);
    assert_eq!(names(&Dataset::read(folder.path(), None)?), ["test/pond/1.jpg", "test/river/1.jpg"]);
    assert_eq!(names(&Dataset::read(folder.path(), Some("train"))?), ["train/pond/2.jpg"]);
    Ok(())
}

#[test]
fn a_picture_that_is_not_there_and_a_caption_that_is_no_text_are_left_out_by_name() -> Result<(), StageError>
{
    let description = r#"{"images":[
        {"filename":"airport_1.jpg","sentences":[{"raw":null},{"raw":"planes"},{"raw":7},{}]},
        {"filename":"gone.jpg","sentences":[{"raw":"a road"}]},
        {"filename":"pond_2.jpg"}]}"#;
    let labels = r#"{"id":"airport_1","classes":{"airport":{}}}"#;
    let pictures = [("dataset.json", description), ("images/airport_1.jpg", "A"), ("images/pond_2.jpg", "B")];
    let left_out = |dataset: &Dataset| -> Vec<String> {
        dataset.left_out.iter().map(|one| format!("{}: {}", one.name, one.why)).collect()
    };
    let dataset = Dataset::read(lay_out(&pictures).path(), None)?;
    assert_eq!(names(&dataset), ["airport_1.jpg", "pond_2.jpg"]);
    assert_eq!(dataset.examples[0].captions, ["planes"]);
    let named = [
        "images/airport_1.jpg, caption 1: it is no text",
        "images/airport_1.jpg, caption 3: it is no text",
        "images/airport_1.jpg, caption 4: it is no text",
        "images/gone.jpg: it is missing, or named twice",
    ];
    assert_eq!(left_out(&dataset), named);

    let labelled = lay_out(&[&pictures[..], &[("labels.jsonl", labels)]].concat());
    let dataset = Dataset::read(labelled.path(), None)?;
    assert_eq!(names(&dataset), ["airport_1.jpg"]);
    assert_eq!(
        left_out(&dataset).last().map(String::as_str),
        Some("images/pond_2.jpg: labels.jsonl has no line for it")
    );
    Ok(())
}

#[test]
fn data_that_does_not_hold_together_is_refused_by_name() {
    let refusal = |files: &[(&str, &str)], split| {
        let folder = lay_out(files);
        Dataset::read(folder.path(), split).expect_err("refused").to_string()
    };
    let error = refusal(&[("dataset.json", DESCRIPTION), ("images/pond_2.jpg", "C")], Some("test"));
    assert!(error.contains("no pictures: images/airport_1.jpg: it is missing"), "{error}");
    let error = refusal(&[("dataset.json", DESCRIPTION)], Some("dev"));
    assert!(error.contains("no split \"dev\"; it has: test, train"), "{error}");
    let error = refusal(&[("dataset.json", "{\"images\": 3}")], None);
    assert!(error.contains("dataset.json: invalid type"), "{error}");
    let error = refusal(&[("pond/1.jpg", "A")], None);
    assert!(error.contains("neither a dataset.json nor"), "{error}");
    let outside = r#"{"images":[{"filename":"../../secret.jpg","split":"test"}]}"#;
    let error = refusal(&[("dataset.json", outside), ("images/a.jpg", "")], None);
    assert!(error.contains("secret.jpg: it is missing"), "{error}");
    let file = tempfile::NamedTempFile::new().expect("temporary file");
    std::fs::write(file.path(), [7; 700]).expect("write");
    assert!(
        Dataset::read(file.path(), None)
            .expect_err("no archive")
            .to_string()
            .contains("cannot read the archive")
    );
}

#[test]
fn classes_are_read_from_names_and_written_as_people_do() {
    for (file, class) in [
        ("airport_1.jpg", Some("airport")),
        ("storagetanks_370.webp", Some("storagetanks")),
        ("00623.jpg", None),
        ("airport.jpg", None),
        ("agricultural00.webp", None),
        ("_1.jpg", None),
        ("a_b.jpg", None),
        ("img_2024_1.jpg", None),
    ] {
        assert_eq!(class_of(file).as_deref(), class, "{file}");
    }
    for (class, words) in [
        ("storagetanks", "storage tanks"),
        ("pond", "pond"),
        ("solar_farm", "solar farm"),
        ("SolarFarm", "solar farm"),
        ("golf-course", "golf course"),
        ("AnnualCrop", "annual crop"),
    ] {
        assert_eq!(spelled(class), words);
    }
}
