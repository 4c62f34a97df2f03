//! `clip-rs index --from-parquet`: a catalog of embeddings that were made elsewhere finds what the one they are from finds, and a
//! table that does not fit is refused with what is wrong with it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use arrow_array::builder::{FixedSizeListBuilder, Float32Builder, ListBuilder};
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use clip_rs_pipeline::verify::verify;
use parquet::arrow::ArrowWriter;

use crate::exporting::items;
use crate::support::{catalog, clip_rs, model, picture, request, said, save};

/// Exports a catalog and returns where to.
fn exported(catalog: &Path, format: &str, more: &[&str], out: PathBuf) -> PathBuf {
    let words =
        [OsStr::new("export"), catalog.as_os_str(), "--format".as_ref(), format.as_ref(), "--out".as_ref()];
    let words = words.into_iter().chain([out.as_os_str()]).chain(more.iter().map(OsStr::new));
    said(&clip_rs(words));
    out
}

/// Indexes with the embeddings of a table.
fn indexed(kind: &str, imagery: &Path, table: &Path, model: &Path, out: &Path) -> Output {
    let words = [
        OsStr::new("index"),
        kind.as_ref(),
        imagery.as_os_str(),
        "--from-parquet".as_ref(),
        table.as_os_str(),
    ];
    let more = [OsStr::new("--model"), model.as_os_str(), "--out".as_ref(), out.as_os_str()];
    clip_rs(words.into_iter().chain(more))
}

/// Everything that a command says.
fn told(done: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&done.stderr), String::from_utf8_lossy(&done.stdout))
}

/// The first ten for some texts.
fn first_ten(catalog: &Path) -> Vec<String> {
    let flags = ["--exact", "--json", "--limit", "10"].map(OsStr::new);
    let texts = ["a pond beside a field", "storage tanks", "many boats", "a road"];
    texts
        .map(|text| {
            said(&clip_rs([&[OsStr::new("search"), catalog.as_os_str(), text.as_ref()][..], &flags].concat()))
        })
        .to_vec()
}

/// A table with these names, and a column `embedding`.
fn table(path: &Path, ids: Vec<Option<&str>>, embedding: ArrayRef) {
    let ids: ArrayRef = Arc::new(StringArray::from(ids));
    let batch = RecordBatch::try_from_iter_with_nullable([("id", ids, true), ("embedding", embedding, true)]);
    let batch = batch.expect("a batch");
    let mut writer =
        ArrowWriter::try_new(File::create(path).expect("a file"), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
}

/// Vectors of any lengths, with gaps.
fn lists(rows: &[Option<Vec<Option<f32>>>]) -> ArrayRef {
    let mut list = ListBuilder::new(Float32Builder::new());
    rows.iter().for_each(|row| list.append_option(row.clone()));
    Arc::new(list.finish())
}

#[test]
fn a_catalog_of_exported_embeddings_and_imagery_has_the_same_vectors_and_finds_the_same() {
    let (folder, _) = catalog();
    let (catalog, out) = (folder.path().join("catalog"), folder.path().join("again"));
    let tiles = exported(&catalog, "pmtiles", &[], folder.path().join("a.pmtiles"));
    let whole = exported(&catalog, "geoparquet", &[], folder.path().join("a.parquet"));
    let done = indexed("--tiles", &tiles, &whole, &model(), &out);
    assert!(said(&done).contains("6 items, 0 embedded now, 0 skipped"), "{}", told(&done));
    assert!(told(&done).contains("6 embeddings taken\n"), "{}", told(&done));
    assert_eq!(items(&out), items(&catalog));
    assert_eq!(first_ten(&out), first_ten(&catalog));
    assert_eq!(verify(&out).expect("a verdict").faults, []);

    // Half precision turns no vector by more than its last digit.
    let half = exported(&catalog, "geoparquet", &["--half"], folder.path().join("half.parquet"));
    said(&indexed("--tiles", &tiles, &half, &model(), &out));
    for ((id, half, _), (_, whole, _)) in items(&out).iter().zip(items(&catalog)) {
        let cosine: f32 = half.iter().zip(&whole).map(|(a, b)| a * b).sum();
        assert!(cosine > 0.999, "{id}: {cosine}");
    }
}

#[test]
fn photographs_and_their_squares_have_the_vectors_of_their_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let pictures = folder.path().join("pictures");
    save(&pictures.join("flight/über 1.png"), 1);
    picture(2, 160).save(pictures.join("large.png")).expect("a picture");
    let request =
        clip_rs_pipeline::index::Request { images: vec![pictures.clone()], ..request(folder.path()) };
    clip_rs_pipeline::index::index(&request).expect("indexed");
    let (catalog, out) = (folder.path().join("catalog"), folder.path().join("again"));
    assert!(items(&catalog).len() > 4, "the large one has squares");
    let whole = exported(&catalog, "geoparquet", &[], folder.path().join("a.parquet"));
    said(&indexed("--images", &pictures, &whole, &model(), &out));
    assert_eq!(items(&out), items(&catalog));
    assert_eq!(first_ten(&out), first_ten(&catalog));
}

#[test]
fn vectors_are_those_of_the_table_whatever_was_kept_of_another() {
    let (folder, _) = catalog();
    let (tiles, out) = (folder.path().join("tiles"), folder.path().join("again"));
    let parquet = folder.path().join("mine.parquet");
    let ids = ["14/4700/6267", "14/4701/6267"];
    for axes in [[0, 1], [2, 3]] {
        let vector = |axis: usize| (0..24).map(|at| if at == axis { 2.0 } else { 0.0 }).collect::<Vec<f32>>();
        let mut list = FixedSizeListBuilder::new(Float32Builder::new(), 24);
        for axis in axes {
            list.values().append_slice(&vector(axis));
            list.append(true);
        }
        table(&parquet, ids.iter().copied().map(Some).collect(), Arc::new(list.finish()));
        let done = indexed("--tiles", &tiles, &parquet, &model(), &out);
        let told = told(&done);
        assert!(done.status.success() && told.contains("2 items"), "{told}");
        assert!(told.contains("skipped 14/4702/6267: ") && told.contains("no embedding of it"), "{told}");
        for ((id, found, _), (expected, axis)) in items(&out).iter().zip(ids.iter().zip(axes)) {
            assert_eq!(id, expected);
            assert!((found[axis] - 1.0).abs() < 1e-6, "{id}: {found:?}");
        }
    }
}

#[test]
fn rows_of_no_item_are_counted_and_a_table_of_other_imagery_is_refused_with_names_of_both() {
    let (folder, _) = catalog();
    let (tiles, out) = (folder.path().join("tiles"), folder.path().join("again"));
    let parquet = folder.path().join("mine.parquet");
    let rows = |count: usize| lists(&vec![Some((0..24).map(|at| Some(at as f32 + 1.0)).collect()); count]);
    table(&parquet, vec![Some("14/4700/6267"), Some("14/1/1"), Some("14/1/2")], rows(3));
    let done = indexed("--tiles", &tiles, &parquet, &model(), &out);
    assert!(told(&done).contains("2 rows are of no item: 14/1/1, 14/1/2"), "{}", told(&done));
    table(&parquet, vec![Some("14/1/1"), Some("14/1/2"), Some("14/1/3"), Some("14/1/4")], rows(4));
    let other = folder.path().join("other");
    let done = indexed("--tiles", &tiles, &parquet, &model(), &other);
    let text = told(&done);
    assert!(!done.status.success() && text.contains("14/1/1, 14/1/2, 14/1/3 …"), "{text}");
    assert!(text.contains("14/4700/6267, ") && !text.contains("Embedding tiles"), "{text}");
    assert!(!other.join("catalog.json").exists());
}

#[test]
fn a_table_that_cannot_be_right_is_refused_with_the_reason() {
    let (folder, _) = catalog();
    let (tiles, out) = (folder.path().join("tiles"), folder.path().join("again"));
    let at = |name: &str| folder.path().join(name);
    let good = |more: f32| Some((0..24).map(|at| Some(at as f32 + more)).collect::<Vec<_>>());
    let with = |spoilt: Option<Vec<Option<f32>>>| lists(&[good(1.0), spoilt]);
    let changed = |at: usize, value: Option<f32>| {
        let mut row = good(1.0).expect("a row");
        row[at] = value;
        Some(row)
    };
    let both = || vec![Some("14/4700/6267"), Some("14/4701/6267")];
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0]));
    let cases = [
        ("nan", both(), with(changed(3, Some(f32::NAN))), "14/4701/6267"),
        ("infinite", both(), with(changed(3, Some(f32::INFINITY))), "14/4701/6267"),
        ("gap", both(), with(changed(3, None)), "row 2: its embedding has a gap"),
        ("null", both(), with(None), "row 2: its embedding is empty"),
        ("short", both(), with(Some(vec![Some(1.0); 23])), "23 numbers, where others have 24"),
        ("none", both(), lists(&[Some(Vec::new()), good(1.0)]), "row 1: its embedding has 0 numbers"),
        ("zero", both(), with(Some(vec![Some(0.0); 24])), "14/4701/6267"),
        ("nameless", vec![Some("a"), None], with(good(2.0)), "row 2: its id is empty"),
        ("twice", vec![Some("a"), Some("a")], with(good(2.0)), "two rows of a"),
        ("dimension", both(), lists(&[Some(vec![Some(1.0); 8]), Some(vec![Some(1.0); 8])]), "--model"),
        ("no list", both(), numbers, "no list of numbers"),
        ("no rows", Vec::new(), lists(&[]), "has no rows"),
    ];
    for (name, ids, embedding, word) in cases {
        let parquet = at(name);
        table(&parquet, ids, embedding);
        let done = indexed("--tiles", &tiles, &parquet, &model(), &out);
        let text = told(&done);
        assert!(!done.status.success() && text.contains(word) && text.contains(name), "{name}: {text}");
    }
    let batch = RecordBatch::try_from_iter([("id", Arc::new(StringArray::from(vec!["a"])) as ArrayRef)])
        .expect("a batch");
    let mut writer = ArrowWriter::try_new(File::create(at("bare")).expect("a file"), batch.schema(), None)
        .expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    fs::write(at("text"), "id,embedding\n").expect("a file");
    for (name, word) in
        [("bare", "has no column embedding"), ("text", "cannot be read as Parquet"), ("missing", "missing")]
    {
        let done = indexed("--tiles", &tiles, &at(name), &model(), &out);
        assert!(!done.status.success() && told(&done).contains(word), "{name}: {}", told(&done));
    }
    assert!(!out.exists(), "nothing was begun");
}

#[test]
fn no_damage_to_a_table_ends_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.parquet");
    let rows: Vec<_> =
        (0..40).map(|row| Some((0..6).map(|at| Some((row * at) as f32 + 1.0)).collect())).collect();
    let names: Vec<String> = (0..40).map(|row| format!("17/1/{row}")).collect();
    table(&path, names.iter().map(|name| Some(name.as_str())).collect(), lists(&rows));
    let whole = fs::read(&path).expect("a file");
    let read = clip_rs_pipeline::tables::embeddings::read;
    assert_eq!(read(&path).expect("a table").len(), 40);
    for at in (0..whole.len()).step_by(2) {
        for (cut, flip) in [(at, 0), (whole.len(), 0x01), (whole.len(), 0xff)] {
            let mut damaged = whole[..cut].to_vec();
            damaged.get_mut(at).into_iter().for_each(|byte| *byte ^= flip);
            fs::write(&path, &damaged).expect("a file");
            // An error or, where it hit nothing that is read, not; never a panic.
            let _either = read(&path);
        }
    }
}
