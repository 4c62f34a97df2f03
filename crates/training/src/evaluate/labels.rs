//! Ground truth beside the pictures: `labels.jsonl` of a sample area, which says what each tile holds.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Deserialize;

use clip_rs_stage::StageError;

/// Name of the file, beside `dataset.json`.
pub(super) const LABELS_FILE: &str = "labels.jsonl";

#[derive(Deserialize)]
struct Row {
    id: String,
    classes: BTreeMap<String, Label>,
}

#[derive(Deserialize)]
struct Label {
    count: Option<u32>,
}

/// What a picture with so many of a class holds beside the class: `pond=2`.
pub(super) fn counted(class: &str, count: u32) -> String {
    format!("{class}={count}")
}

/// The classes of each picture, by its name without the extension, each also with how many of it there are. `path` is for messages.
pub(super) fn read(path: &Path, content: &[u8]) -> Result<HashMap<String, Vec<String>>, StageError> {
    let text = std::str::from_utf8(content).map_err(|error| StageError::content(path, error))?;
    let row = |(line, row): (u64, &str)| {
        let row: Row = serde_json::from_str(row).map_err(|error| StageError::Row {
            path: path.to_owned(),
            line,
            why: error.to_string(),
        })?;
        let held = row.classes.into_iter().flat_map(|(class, label)| {
            let counted = label.count.map(|count| counted(&class, count));
            std::iter::once(class).chain(counted)
        });
        Ok((row.id, held.collect()))
    };
    (1..).zip(text.lines()).filter(|(_, row)| !row.trim().is_empty()).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_a_tile_holds_and_a_bad_one_is_named() {
        let path = Path::new("area/labels.jsonl");
        let good = "{\"id\":\"17/1/2\",\"classes\":{\"pond\":{\"area\":0.1,\"count\":1},\"boat\":{}}}\n\n";
        let labels = read(path, good.as_bytes()).expect("labels");
        assert_eq!(
            labels,
            HashMap::from([("17/1/2".into(), vec!["boat".into(), "pond".into(), "pond=1".into()])])
        );
        let bad = format!("{good}{{\"id\":\"17/1/3\"}}");
        let error = read(path, bad.as_bytes()).expect_err("no classes").to_string();
        assert!(error.starts_with("area/labels.jsonl, line 3: missing field `classes`"), "{error}");
    }
}
