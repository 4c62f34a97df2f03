//! Parquet tables that others made: embeddings of items, and address points. They are read batch by batch, and only the columns
//! that are needed.

pub mod embeddings;
pub mod points;

mod cells;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
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
        let builder = fenced(path, || ParquetRecordBatchReaderBuilder::try_new(file))?;
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
        let mut reader = fenced(path, || builder.with_projection(columns).with_batch_size(BATCH).build())?;
        let mut first = 1;
        while let Some(batch) = fenced(path, || Ok(reader.next().transpose()?))? {
            catch_unwind(AssertUnwindSafe(|| each(first, &batch))).unwrap_or_else(|_| Err(damaged(path)))?;
            first += batch.num_rows() as u64;
        }
        Ok(())
    }
}

/// Reads with the library, of which damage can make code panic: that is an error of the file like any other.
fn fenced<T>(path: &Path, read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, StageError> {
    // What a panic leaves behind is not used any more.
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(|error| wrong(path, &error)),
        Err(_) => Err(damaged(path)),
    }
}

fn damaged(path: &Path) -> StageError {
    StageError::content(path, "cannot be read as Parquet: it is damaged")
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
