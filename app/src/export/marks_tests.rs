//! Marks survive both kinds of files, and what is no mark is told.

use serde_json::json;

use super::super::examples::bounds;
use super::*;

fn marks() -> Vec<(String, bool)> {
    let ids =
        ["17/37500/50140", "17/1/2+4", "+1.jpg", "-a, b.jpg", "@c.jpg", "ﬂuß/船.png", "a.jpg#xywh=0,8,12,12"];
    ids.into_iter().enumerate().map(|(at, id)| (id.to_owned(), at % 2 == 0)).collect()
}

fn refusals(text: &str, format: MarksFormat) -> Vec<String> {
    let read = read_marks(text, format).expect("a file of marks");
    read.refused.iter().map(ToString::to_string).collect()
}

#[test]
fn marks_survive_being_written_and_read() {
    for (written, format) in [(Format::GeoJson, MarksFormat::GeoJson), (Format::Csv, MarksFormat::Csv)] {
        for marks in [marks(), Vec::new()] {
            let text = write_marks(&marks, written, |_| None);
            assert_eq!(read_marks(&text, format), Ok(Marks { marks, refused: Vec::new() }), "{text}");
        }
    }
}

#[test]
fn marks_are_features_where_the_items_are() {
    let footprint = |id: &str| bounds(1.0, 2.0, 3.0, 4.0).filter(|_| id == "17/37500/50140");
    let text = write_marks(&marks(), Format::GeoJson, footprint);
    let read: Value = serde_json::from_str(&text).expect("JSON");
    let features = read["features"].as_array().expect("features");
    assert_eq!(features[0]["properties"], json!({ "label": "yes" }));
    assert_eq!(features[1]["properties"], json!({ "label": "no" }));
    assert_eq!(features[0]["geometry"]["type"], "Polygon");
    assert_eq!(features[1]["geometry"], Value::Null);
}

#[test]
fn marks_are_placemarks_for_globes() {
    let text = write_marks(&marks(), Format::Kml, |id| bounds(1.0, 2.0, 3.0, 4.0).filter(|_| id == "+1.jpg"));
    let places: Vec<&str> = text.lines().filter(|line| line.starts_with("<Placemark>")).collect();
    assert_eq!(places.len(), marks().len());
    assert!(
        places[0].contains("<Data name=\"label\"><value>yes</value>")
            && places[1].contains("<value>no</value>")
    );
    assert!(
        places[2].contains("<name>+1.jpg</name>") && places[2].contains("<coordinates>1,2 3,2 "),
        "{}",
        places[2]
    );
}

#[test]
fn a_table_of_other_programs_is_understood() {
    for text in [
        "\u{feff}ID;Label\r\na.jpg;YES\r\n\r\nb.jpg; no \r\n",
        "label,rank,id\nyes,1,a.jpg\nno,2,\"b.jpg\"\n",
    ] {
        let read = read_marks(text, MarksFormat::Csv).expect("a table");
        assert_eq!(read.marks, [("a.jpg".to_owned(), true), ("b.jpg".to_owned(), false)], "{text}");
        assert_eq!(read.refused, []);
    }
}

#[test]
fn rows_that_are_no_marks_are_told_by_number_and_reason() {
    let table =
        "id,label\na.jpg,perhaps\n../b.jpg,yes\n\nc.jpg\n\"d\"e,yes\nf.jpg,yes\nf.jpg,no\nf.jpg,yes\n";
    assert_eq!(
        refusals(table, MarksFormat::Csv),
        [
            "row 2: the label is \"perhaps\", not yes or no",
            "row 3: no item can be called \"../b.jpg\"",
            "row 5: it has too few cells",
            "row 6: a quotation mark within a cell",
            "row 8: row 7 says the contrary of \"f.jpg\"",
        ]
    );
    let features = json!({ "type": "FeatureCollection", "features": [
        { "id": "a.jpg", "properties": { "label": "yes" } },
        { "id": 7, "properties": { "label": "yes" } },
        { "id": "b.jpg", "properties": null },
        "no feature",
        { "id": "c.jpg", "properties": { "label": "x".repeat(1000) } },
    ] });
    let told = refusals(&features.to_string(), MarksFormat::GeoJson);
    assert_eq!(told.len(), 4);
    assert_eq!(told[0], "row 2: the feature has no text as its id");
    assert_eq!(told[1], "row 3: the feature has no text as its property label");
    assert!(told[2].starts_with("row 4: ") && told[3].len() < 200, "{told:?}");
}

#[test]
fn a_file_that_is_none_or_too_long_is_an_error() {
    let csv = |text: &str| read_marks(text, MarksFormat::Csv);
    for text in ["", "a.jpg,yes", "id,name\na,b", "\"id,label\n"] {
        assert_eq!(csv(text), Err(MarksError::NoColumns), "{text}");
    }
    for text in ["", "[]", "{}", "{\"features\":3}", "{\"features\":[}"] {
        let read = read_marks(text, MarksFormat::GeoJson);
        assert!(matches!(read, Err(MarksError::NoFeatures(_))), "{text}: {read:?}");
    }
    assert_eq!(csv(&"x".repeat(MAX_BYTES + 1)), Err(MarksError::TooLong(MAX_BYTES + 1)));
    let rows = |count: usize| format!("id,label\n{}", "a.jpg,yes\n".repeat(count));
    assert_eq!(csv(&rows(MAX_ROWS)).map(|read| read.marks.len()), Ok(1));
    assert_eq!(csv(&rows(MAX_ROWS + 1)), Err(MarksError::TooManyRows));
    let features = format!("{{\"features\":[{}0]}}", "0,".repeat(MAX_ROWS));
    assert_eq!(read_marks(&features, MarksFormat::GeoJson), Err(MarksError::TooManyRows));
}

#[test]
fn a_files_name_says_its_kind() {
    assert_eq!(MarksFormat::of_name("marks.GeoJSON"), MarksFormat::GeoJson);
    assert_eq!(MarksFormat::of_name("a.json"), MarksFormat::GeoJson);
    assert_eq!(MarksFormat::of_name("marks.csv"), MarksFormat::Csv);
}
