//! Tables as Parquet, and what is said of an answer that is no such table.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::error::ArrowError;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::errors::ParquetError;

use crate::ClusterError;

/// A Parquet file of these columns, which are of one length.
pub fn parquet(columns: Vec<(&str, ArrayRef)>) -> Result<Vec<u8>, ClusterError> {
    let batch = RecordBatch::try_from_iter(columns)?;
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None)?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?)
}

/// A cluster answers with other columns than were asked for.
pub fn other_columns() -> ClusterError {
    let why =
        "the cluster answers with other columns than were asked for: are all its processes of one version?";
    ClusterError::Engine(why.to_owned())
}

impl From<ArrowError> for ClusterError {
    fn from(error: ArrowError) -> Self {
        Self::Engine(error.to_string())
    }
}

impl From<ParquetError> for ClusterError {
    fn from(error: ParquetError) -> Self {
        Self::Engine(error.to_string())
    }
}

/// A column of a table.
pub fn column(values: impl datafusion::arrow::array::Array + 'static) -> ArrayRef {
    Arc::new(values)
}
