//! Embeddings out of a Parquet table, as `clip-rs export` and others write it: a column `id` with names of items, and a column
//! `embedding` with lists of numbers.

use std::path::Path;

use clip_rs_stage::StageError;

use super::{Table, cells};
use crate::given::Given;

const ID: &str = "id";
const EMBEDDING: &str = "embedding";
/// Longest vector, as the catalog's format has it.
const MOST_DIM: usize = 8192;

/// Reads the table at `path`; memory is that of its vectors in single precision, and of their names.
pub fn read(path: &Path) -> Result<Given, StageError> {
    let table = Table::open(path)?;
    let titles = table.titles();
    for name in [ID, EMBEDDING] {
        if !titles.iter().any(|title| title == name) {
            let why = format!("has no column {name}; its columns are {}", titles.join(", "));
            return Err(StageError::content(path, why));
        }
    }
    let mut given: Option<Given> = None;
    table.rows(&[ID, EMBEDDING], |first, batch| {
        let (Some(ids), Some(vectors)) = (batch.column_by_name(ID), batch.column_by_name(EMBEDDING)) else {
            return Err(StageError::content(
                path,
                "has columns within columns where id and embedding should be",
            ));
        };
        for row in 0..batch.num_rows() {
            let refuse = |column: &str, why: &str| {
                StageError::content(path, format!("row {}: its {column} {why}", first + row as u64))
            };
            let id = cells::text(ids, row)
                .ok_or_else(|| refuse(ID, &format!("is empty, or no text ({})", ids.data_type())))?;
            let vector = cells::numbers(vectors, row).map_err(|why| refuse(EMBEDDING, &why))?;
            if vector.is_empty() || vector.len() > MOST_DIM {
                return Err(refuse(EMBEDDING, &format!("has {} numbers, not 1 to {MOST_DIM}", vector.len())));
            }
            let given = given.get_or_insert_with(|| Given::new(path.display().to_string(), vector.len()));
            given.push(&id, vector.into_iter().map(|number| number as f32).collect())?;
        }
        Ok(())
    })?;
    given.ok_or_else(|| StageError::content(path, "has no rows"))
}
