//! Lists the tensors of a safetensors file: <https://github.com/huggingface/safetensors#format>.

use std::path::Path;

use candle_core::DType;
use safetensors::tensor::Metadata;

use super::{Entry, read_at};
use clip_rs_stage::StageError;

/// Bytes before the header: its length.
const PREFIX: usize = 8;
/// Longest header that is read, bytes; the format's own limit.
const MAX_HEADER: u64 = 100_000_000;

pub(super) fn list(path: &Path, length: u64) -> Result<Vec<(String, Entry)>, StageError> {
    let prefix = read_at(path, 0, PREFIX)?;
    let header_length = prefix.first_chunk().map_or(u64::MAX, |prefix| u64::from_le_bytes(*prefix));
    if header_length > MAX_HEADER.min(length.saturating_sub(PREFIX as u64)) {
        let why = format!("announces a header of {header_length} bytes; the file has {length}");
        return Err(StageError::content(path, why));
    }
    let header = read_at(path, PREFIX as u64, header_length as usize)?;
    let metadata: Metadata = serde_json::from_slice(&header)
        .map_err(|error| StageError::content(path, format!("not a safetensors file: {error}")))?;
    let mut entries = Vec::new();
    for (name, info) in metadata.tensors() {
        let dtype = DType::try_from(info.dtype).map_err(|_| {
            StageError::content(path, format!("tensor {name} is of type {:?}, which is not read", info.dtype))
        })?;
        let start = (PREFIX as u64 + header_length).saturating_add(info.data_offsets.0 as u64);
        let (file, shape) = (path.to_owned(), info.shape.clone());
        entries.push((name, Entry { file, start, shape, dtype, transposed: false }));
    }
    Ok(entries)
}
