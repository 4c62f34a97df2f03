//! Reads GGUF files strictly: nothing is taken on trust, nothing is allocated before it is known to be there.
//!
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>, versions 2 and 3. candle can read GGUF
//! too, but divides by an alignment of zero and multiplies dimensions without a check, and it would copy every tensor.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::numbers::Dtype;
use super::{ModelError, TensorSpec};

const MAGIC: &[u8; 4] = b"GGUF";
const MAX_ENTRIES: u64 = 1 << 16;
const MAX_DIMENSIONS: usize = 4;
const DEFAULT_ALIGNMENT: usize = 32;
const ARCHITECTURE: &str = "general.architecture";
const ALIGNMENT: &str = "general.alignment";

/// The tensors of a file, known to be those of the specification: present, of the right shapes, inside the file.
pub(super) struct Weights {
    bytes: Vec<u8>,
    tensors: HashMap<String, Stored>,
}

/// Where a tensor is in the file, and what it is there.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    /// Slowest-running dimension first.
    pub(super) shape: Vec<usize>,
    pub(super) dtype: Dtype,
    pub(super) bytes: Range<usize>,
}

impl Stored {
    /// Reads a row of a matrix from the file; none if there is no such row.
    #[must_use]
    pub(super) fn read_row(&self, file: &[u8], row: usize, numbers: &mut [f32]) -> Option<()> {
        let tensor = file.get(self.bytes.clone())?;
        let length = self.dtype.bytes(numbers.len());
        let start = row.checked_mul(length)?;
        self.dtype.read(tensor.get(start..start.checked_add(length)?)?, numbers);
        Some(())
    }
}

impl Weights {
    /// Checks a file against the tensors it should hold. More tensors than these are fine.
    pub(super) fn open(bytes: Vec<u8>, architecture: &str, specs: &[TensorSpec]) -> Result<Self, ModelError> {
        let header = Header::read(&bytes)?;
        if header.architecture.as_deref() != Some(architecture) {
            let found = header.architecture.unwrap_or_else(|| "nothing".into());
            return Err(gguf(format!("{ARCHITECTURE} is {found:?}, expected {architecture:?}")));
        }
        let mut tensors = HashMap::with_capacity(specs.len());
        for spec in specs {
            let info = header.tensors.get(&spec.name).ok_or_else(|| ModelError::MissingTensor {
                name: spec.name.clone(),
                expected: spec.stored_shape(),
            })?;
            let stored = info.check(spec, header.data, bytes.len())?;
            tensors.insert(spec.name.clone(), stored);
        }
        Self::apart(&tensors)?;
        Ok(Self { bytes, tensors })
    }

    /// Checks that no tensor shares bytes with another: a matrix may be repacked where it is.
    fn apart(tensors: &HashMap<String, Stored>) -> Result<(), ModelError> {
        // Some hundred tensors: to compare each with each costs less than the code of a sort.
        for (name, Stored { bytes, .. }) in tensors {
            let shares = |other: &Stored| bytes.start < other.bytes.start && other.bytes.start < bytes.end;
            let twin = |other: &Stored| bytes.start == other.bytes.start;
            let found =
                tensors.iter().find(|(other, stored)| shares(stored) || (*other > name && twin(stored)));
            if let Some((other, _)) = found {
                return Err(gguf(format!("tensors {name} and {other} share bytes")));
            }
        }
        Ok(())
    }

    /// Also takes in these tensors, if the file has the first of them.
    pub(super) fn take_if_there(&mut self, specs: &[TensorSpec]) -> Result<bool, ModelError> {
        let header = Header::read(&self.bytes)?;
        if specs.first().is_none_or(|first| !header.tensors.contains_key(&first.name)) {
            return Ok(false);
        }
        for spec in specs {
            let info = header.tensors.get(&spec.name).ok_or_else(|| ModelError::MissingTensor {
                name: spec.name.clone(),
                expected: spec.stored_shape(),
            })?;
            self.tensors.insert(spec.name.clone(), info.check(spec, header.data, self.bytes.len())?);
        }
        Self::apart(&self.tensors)?;
        Ok(true)
    }

    /// Where a tensor is.
    pub(super) fn stored(&self, name: &str) -> Result<Stored, ModelError> {
        let missing = || ModelError::MissingTensor { name: name.into(), expected: Vec::new() };
        self.tensors.get(name).cloned().ok_or_else(missing)
    }

    /// Whether any of the tensors is quantised.
    pub(super) fn is_quantised(&self) -> bool {
        self.tensors.values().any(|stored| stored.dtype.is_quantised())
    }

    /// The file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The file, of which the only reader of a tensor may replace its bytes.
    pub(super) fn file_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// A tensor's numbers in f32.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f32>, ModelError> {
        let stored = self.stored(name)?;
        let mut numbers = vec![0.0; stored.shape.iter().product()];
        let outside = || gguf(format!("tensor {name} is outside of the file"));
        stored.dtype.read(self.bytes.get(stored.bytes).ok_or_else(outside)?, &mut numbers);
        Ok(numbers)
    }

    /// The file, with what was repacked in it.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Numbers of each type in a GGUF file, by the type's name in GGML; for people.
pub fn numbers_by_type(bytes: &[u8]) -> Result<BTreeMap<String, u64>, ModelError> {
    let mut numbers = BTreeMap::new();
    for info in Header::read(bytes)?.tensors.values() {
        let name = Dtype::of(info.dtype).map_or(format!("type {}", info.dtype), |dtype| dtype.name().into());
        let count = info.shape.iter().fold(1_u64, |count, &n| count.saturating_mul(n as u64));
        let sum: &mut u64 = numbers.entry(name).or_default();
        *sum = sum.saturating_add(count);
    }
    Ok(numbers)
}

struct Header {
    architecture: Option<String>,
    tensors: HashMap<String, TensorInfo>,
    /// Where the tensors' bytes begin.
    data: usize,
}

struct TensorInfo {
    /// Slowest-running dimension first, as everywhere but in GGUF itself.
    shape: Vec<usize>,
    dtype: u32,
    offset: u64,
}

impl TensorInfo {
    fn check(&self, spec: &TensorSpec, data: usize, length: usize) -> Result<Stored, ModelError> {
        let expected = spec.stored_shape();
        if self.shape != expected {
            return Err(ModelError::Shape { name: spec.name.clone(), expected, found: self.shape.clone() });
        }
        let dtype = Dtype::of(self.dtype).ok_or_else(|| ModelError::Type {
            name: spec.name.clone(),
            expected: Dtype::READ,
            found: self.dtype,
        })?;
        let (numbers_of_block, bytes_of_block) = dtype.block();
        let blocks_fit = self.shape.last().is_some_and(|row| row.is_multiple_of(numbers_of_block));
        let numbers = self.shape.iter().try_fold(1_usize, |product, &n| product.checked_mul(n));
        let range = || {
            let size = (numbers? / numbers_of_block).checked_mul(bytes_of_block)?;
            let start = data.checked_add(usize::try_from(self.offset).ok()?)?;
            let end = start.checked_add(size)?;
            (blocks_fit && size > 0 && end <= length).then_some(start..end)
        };
        let bytes = range()
            .ok_or_else(|| gguf(format!("tensor {} does not fit into the {length} bytes", spec.name)))?;
        Ok(Stored { shape: self.shape.clone(), dtype, bytes })
    }
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        let mut reader = Reader { bytes, at: 0 };
        if reader.take(4)? != MAGIC {
            return Err(gguf("does not begin with \"GGUF\""));
        }
        let version = reader.u32()?;
        if !(2..=3).contains(&version) {
            return Err(gguf(format!("version {version}, expected 2 or 3")));
        }
        let (tensor_count, metadata_count) = (reader.u64()?, reader.u64()?);
        if tensor_count > MAX_ENTRIES || metadata_count > MAX_ENTRIES {
            return Err(gguf(format!("announces {tensor_count} tensors and {metadata_count} values")));
        }
        let (mut architecture, mut alignment) = (None, DEFAULT_ALIGNMENT);
        for _ in 0..metadata_count {
            let key = reader.string()?;
            match (key, reader.u32()?) {
                (ARCHITECTURE, STRING) => architecture = Some(reader.string()?.to_owned()),
                (ALIGNMENT, UINT32) => alignment = reader.u32()? as usize,
                (_, kind) => reader.skip_value(kind)?,
            }
        }
        if !alignment.is_power_of_two() || alignment > 1 << 16 {
            return Err(gguf(format!("{ALIGNMENT} is {alignment}")));
        }
        let mut tensors = HashMap::new();
        for _ in 0..tensor_count {
            let name = reader.string()?.to_owned();
            let dimensions = reader.u32()? as usize;
            if dimensions > MAX_DIMENSIONS {
                return Err(gguf(format!("tensor {name} has {dimensions} dimensions")));
            }
            let mut shape = (0..dimensions).map(|_| reader.length()).collect::<Result<Vec<_>, _>>()?;
            shape.reverse();
            let (dtype, offset) = (reader.u32()?, reader.u64()?);
            tensors.insert(name, TensorInfo { shape, dtype, offset });
        }
        Ok(Self { architecture, tensors, data: reader.at.next_multiple_of(alignment) })
    }
}

const UINT32: u32 = 4;
const STRING: u32 = 8;
const ARRAY: u32 = 9;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], ModelError> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| gguf(format!("ends inside its header, at byte {}", self.bytes.len())))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32, ModelError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, ModelError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn length(&mut self) -> Result<usize, ModelError> {
        let length = self.u64()?;
        usize::try_from(length).map_err(|_| gguf(format!("announces {length} of something")))
    }

    fn string(&mut self) -> Result<&'a str, ModelError> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| gguf("has a name that is not UTF-8"))
    }

    fn skip_value(&mut self, kind: u32) -> Result<(), ModelError> {
        match kind {
            STRING => self.string().map(drop),
            ARRAY => {
                let (kind, length) = (self.u32()?, self.length()?);
                if kind == STRING {
                    return (0..length).try_for_each(|_| self.string().map(drop));
                }
                let size = scalar_size(kind)?.checked_mul(length);
                let size = size.ok_or_else(|| gguf(format!("announces an array of {length}")))?;
                self.take(size).map(drop)
            }
            kind => self.take(scalar_size(kind)?).map(drop),
        }
    }
}

/// Bytes of a metadata value that is neither text nor array.
fn scalar_size(kind: u32) -> Result<usize, ModelError> {
    match kind {
        0 | 1 | 7 => Ok(1),
        2 | 3 => Ok(2),
        4..=6 => Ok(4),
        10..=12 => Ok(8),
        _ => Err(gguf(format!("has a value of type {kind}"))),
    }
}

fn gguf(why: impl Into<String>) -> ModelError {
    ModelError::Gguf(why.into())
}
