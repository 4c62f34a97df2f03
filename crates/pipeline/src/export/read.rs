//! Embeddings out of a Parquet table, as `clip-rs export` and others write it: a column `id` with names of items, and a column
//! `embedding` with lists of numbers of 16, 32 or 64 bits.

use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float16Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use clip_rs_stage::StageError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::given::Given;

const ID: &str = "id";
const EMBEDDING: &str = "embedding";
/// Rows that are read at once.
const BATCH: usize = 1024;

/// Reads the table at `path`; memory is that of the vectors.
pub fn embeddings(path: &Path) -> Result<Given, StageError> {
    let refuse = |why: String| StageError::content(path, why);
    let wrong = |error: parquet::errors::ParquetError| refuse(format!("cannot be read as Parquet: {error}"));
    let file = File::open(path).map_err(StageError::io("read", path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(wrong)?;
    for name in [ID, EMBEDDING] {
        if builder.schema().column_with_name(name).is_none() {
            return Err(refuse(format!("has no column {name}")));
        }
    }
    let columns = ProjectionMask::columns(builder.parquet_schema(), [ID, EMBEDDING]);
    let reader = builder.with_projection(columns).with_batch_size(BATCH).build().map_err(wrong)?;
    let mut given: Option<Given> = None;
    for batch in reader {
        let batch = batch.map_err(|error| refuse(format!("cannot be read as Parquet: {error}")))?;
        for (id, vector) in rows(&batch).ok_or_else(|| refuse(unsuitable(&batch)))? {
            let given = given.get_or_insert_with(|| Given::new(path.display().to_string(), vector.len()));
            given.push(&id, vector)?;
        }
    }
    given.ok_or_else(|| refuse("has no rows".to_owned()))
}

/// The rows of a batch; none if its columns are of other types.
fn rows(batch: &RecordBatch) -> Option<Vec<(String, Vec<f32>)>> {
    let (ids, vectors) = (batch.column_by_name(ID)?, batch.column_by_name(EMBEDDING)?);
    (0..batch.num_rows()).map(|row| Some((text(ids, row)?, numbers(&list(vectors, row)?)?))).collect()
}

fn text(column: &ArrayRef, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Utf8 => Some(column.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Some(column.as_string::<i64>().value(row).to_owned()),
        DataType::Utf8View => Some(column.as_string_view().value(row).to_owned()),
        _ => None,
    }
}

fn list(column: &ArrayRef, row: usize) -> Option<ArrayRef> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::FixedSizeList(..) => Some(column.as_fixed_size_list().value(row)),
        DataType::List(_) => Some(column.as_list::<i32>().value(row)),
        DataType::LargeList(_) => Some(column.as_list::<i64>().value(row)),
        _ => None,
    }
}

fn numbers(list: &ArrayRef) -> Option<Vec<f32>> {
    if list.null_count() > 0 {
        return None;
    }
    match list.data_type() {
        DataType::Float16 => {
            Some(list.as_primitive::<Float16Type>().values().iter().map(|x| x.to_f32()).collect())
        }
        DataType::Float32 => Some(list.as_primitive::<Float32Type>().values().to_vec()),
        DataType::Float64 => {
            Some(list.as_primitive::<Float64Type>().values().iter().map(|x| *x as f32).collect())
        }
        _ => None,
    }
}

fn unsuitable(batch: &RecordBatch) -> String {
    let kind = |name: &str| batch.column_by_name(name).map(|column| column.data_type().to_string());
    format!(
        "its columns {ID} and {EMBEDDING} should be texts and lists of numbers without gaps, and are {} and {}",
        kind(ID).unwrap_or_default(),
        kind(EMBEDDING).unwrap_or_default()
    )
}
