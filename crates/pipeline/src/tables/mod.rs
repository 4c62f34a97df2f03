//! Parquet tables that others made: embeddings of items, and address points. They are read batch by batch, and only the columns
//! that are needed.

pub mod embeddings;
pub mod points;

mod cells;

use std::fs::File;
use std::path::Path;

use arrow_array::RecordBatch;
use clip_rs_stage::StageError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;

/// Rows that are read at once.
const BATCH: usize = 1024;

/// A table whose rows are still to be read.
struct Table<'a> {
    path: &'a Path,
    builder: ParquetRecordBatchReaderBuilder<File>,
}

impl<'a> Table<'a> {
    /// Reads the end of the file, which says what is in it.
    fn open(path: &'a Path) -> Result<Self, StageError> {
        let file = File::open(path).map_err(StageError::io("read", path))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| wrong(path, &error))?;
        Ok(Self { path, builder })
    }

    /// The names of its columns.
    fn titles(&self) -> Vec<String> {
        self.builder.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// What the file says under a key.
    fn said(&self, key: &str) -> Option<&str> {
        let said = self.builder.metadata().file_metadata().key_value_metadata()?;
        said.iter().find(|said| said.key == key)?.value.as_deref()
    }

    /// Shows `each` the rows of some columns, with the number of the first of them from 1.
    fn rows(
        self,
        columns: &[&str],
        mut each: impl FnMut(u64, &RecordBatch) -> Result<(), StageError>,
    ) -> Result<(), StageError> {
        let Self { path, builder } = self;
        let columns = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let reader = builder.with_projection(columns).with_batch_size(BATCH).build();
        let mut first = 1;
        for batch in reader.map_err(|error| wrong(path, &error))? {
            let batch = batch.map_err(|error| wrong(path, &ParquetError::from(error)))?;
            each(first, &batch)?;
            first += batch.num_rows() as u64;
        }
        Ok(())
    }
}

/// What is wrong with a file as Parquet.
fn wrong(path: &Path, error: &ParquetError) -> StageError {
    let why = error.to_string();
    let what_to_do = if why.contains("Disabled feature") {
        ". It is packed in a way that is not read: save it with Zstandard or Snappy"
    } else {
        ""
    };
    StageError::content(path, format!("cannot be read as Parquet: {why}{what_to_do}"))
}
