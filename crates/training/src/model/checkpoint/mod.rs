//! The tensors of a checkpoint by name, read one at a time: a full-size CLIP never lies in memory whole.
//!
//! Both kinds of file, safetensors and PyTorch's, come down to the same: a name, a shape, a type, and a place in
//! a file. Places are checked against the file's length before anything is read.

mod pickle;
mod safetensors;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};

use clip_rs_stage::StageError;

/// Where the numbers of a tensor are.
#[derive(Debug, Clone)]
struct Entry {
    file: PathBuf,
    /// First byte in the file.
    start: u64,
    shape: Vec<usize>,
    dtype: DType,
    /// Whether the numbers lie with the first dimension running fastest, as those of a transposed matrix do.
    transposed: bool,
}

/// The tensors of one or more files.
#[derive(Debug)]
pub(super) struct Checkpoint {
    /// What to name in messages: the first file.
    path: PathBuf,
    tensors: BTreeMap<String, Entry>,
}

impl Checkpoint {
    /// Lists the tensors of `files`, the shards of one model. What a file is, its content says.
    pub(super) fn open(files: &[PathBuf]) -> Result<Self, StageError> {
        let mut tensors = BTreeMap::new();
        for path in files {
            for (name, entry) in list(path)? {
                if tensors.insert(name.clone(), entry).is_some() {
                    return Err(StageError::content(path, format!("tensor {name} is there twice")));
                }
            }
        }
        let path = files.first().cloned().unwrap_or_default();
        if tensors.is_empty() {
            return Err(StageError::content(path, "holds no tensors"));
        }
        Ok(Self { path, tensors })
    }

    /// The file to name in messages.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// All names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor, if there is one of this name.
    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|entry| entry.shape.as_slice())
    }

    /// Drops a prefix from every name that has it.
    pub(super) fn strip_prefix(&mut self, prefix: &str) {
        let old = std::mem::take(&mut self.tensors);
        self.tensors = old
            .into_iter()
            .map(|(name, entry)| (name.strip_prefix(prefix).map(str::to_owned).unwrap_or(name), entry))
            .collect();
    }

    /// A tensor in f32, row by row; none if there is none of this name.
    pub(super) fn read(&self, name: &str) -> Result<Option<Tensor>, StageError> {
        let Some(entry) = self.tensors.get(name) else { return Ok(None) };
        let count: usize = entry.shape.iter().product();
        let bytes = read_at(&entry.file, entry.start, count * entry.dtype.size_in_bytes())?;
        let tensor = || -> candle_core::Result<Tensor> {
            if entry.transposed {
                let turned: Vec<usize> = entry.shape.iter().rev().copied().collect();
                let tensor = Tensor::from_raw_buffer(&bytes, entry.dtype, &turned, &Device::Cpu)?;
                let order: Vec<usize> = (0..turned.len()).rev().collect();
                return tensor.permute(order)?.to_dtype(DType::F32)?.contiguous();
            }
            let tensor = Tensor::from_raw_buffer(&bytes, entry.dtype, &entry.shape, &Device::Cpu)?;
            tensor.to_dtype(DType::F32)
        };
        let subject = format!("{}: tensor {name}", entry.file.display());
        Ok(Some(tensor().map_err(StageError::engine(subject))?))
    }
}

/// `length` bytes of a file.
fn read_at(path: &Path, start: u64, length: usize) -> Result<Vec<u8>, StageError> {
    let mut bytes = vec![0; length];
    File::open(path)
        .and_then(|mut file| {
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(&mut bytes)
        })
        .map_err(StageError::io("read", path))?;
    Ok(bytes)
}

/// What a content is that stands in a file's place where a download went wrong; none for any other.
pub(super) fn stand_in(content: &[u8]) -> Option<&'static str> {
    let start = content.trim_ascii_start();
    if start.starts_with(b"version https://git-lfs.github.com") {
        return Some("a Git LFS pointer instead of the file: run git lfs pull where it was cloned");
    }
    start
        .starts_with(b"<")
        .then_some("a web page instead of the file: the download was answered with a message")
}

/// The tensors of one file.
fn list(path: &Path) -> Result<Vec<(String, Entry)>, StageError> {
    let mut start = [0; 9];
    let length = File::open(path)
        .and_then(|mut file| {
            let length = file.metadata()?.len();
            file.read_exact(&mut start[..length.min(9) as usize])?;
            Ok(length)
        })
        .map_err(StageError::io("read", path))?;
    let entries = match start {
        [b'P', b'K', 3, 4, ..] => pickle::list(path)?,
        [.., b'{'] => safetensors::list(path, length)?,
        [0x80, 2..=5, ..] => {
            let why = "a PyTorch file of the form before version 1.6, which is not read; load it in a newer \
                PyTorch and write it again with torch.save";
            return Err(StageError::content(path, why));
        }
        [b'<', ..] | [b'v', b'e', b'r', b's', b'i', b'o', b'n', b' ', _] => {
            let start = read_at(path, 0, length.min(256) as usize)?;
            let why = stand_in(&start).unwrap_or("neither a safetensors nor a PyTorch file");
            return Err(StageError::content(path, why));
        }
        _ => {
            let why = "neither a safetensors nor a PyTorch file; a checkpoint in another form (Flax, TensorFlow, \
                ONNX) has to be saved as one of these first";
            return Err(StageError::content(path, why));
        }
    };
    for (name, entry) in &entries {
        let count = entry.shape.iter().try_fold(1_u64, |count, &n| count.checked_mul(n as u64));
        let bytes = count.and_then(|count| count.checked_mul(entry.dtype.size_in_bytes() as u64));
        let end = bytes.and_then(|bytes| bytes.checked_add(entry.start));
        if end.is_none_or(|end| end > length) {
            let why = format!("tensor {name} does not fit into the {length} bytes; is the file complete?");
            return Err(StageError::content(path, why));
        }
    }
    Ok(entries)
}
