//! Lists the tensors of a PyTorch file: a zip archive with a pickle that describes them and an entry for the numbers
//! of each.
//!
//! candle's pickle reader executes nothing, but trusts the file's lengths and copies whatever a file asks it to copy.
//! So it is driven one instruction at a time here, each looked at first, and what comes out is taken apart with care.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use candle_core::DType;
use candle_core::pickle::{Object, OpCode, Stack};
use zip::{CompressionMethod, ZipArchive};

use super::Entry;
use clip_rs_stage::StageError;

/// Longest pickle that is read, bytes; that of a ViT-L/14 has 100 KB.
const MAX_PICKLE: u64 = 32 << 20;
/// Most entries of an archive.
const MAX_ENTRIES: usize = 100_000;
/// Deepest nesting of objects; a state dict has about eight.
const MAX_DEPTH: usize = 32;
/// Most objects and bytes of text looked at or copied in all; a full-size CLIP takes some hundred thousand.
const MAX_WORK: usize = 8_000_000;
/// Keys under which training scripts keep the state dict beside other things.
const NESTED: [&str; 3] = ["state_dict", "model_state_dict", "model"];

pub(super) fn list(path: &Path) -> Result<Vec<(String, Entry)>, StageError> {
    let wrong =
        |why: String| StageError::content(path, format!("not a PyTorch file that can be read: {why}"));
    let file = File::open(path).map_err(StageError::io("read", path))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| wrong(error.to_string()))?;
    if archive.len() > MAX_ENTRIES {
        return Err(wrong(format!("an archive of {} entries", archive.len())));
    }
    let mut pickle = None;
    let mut storages = HashMap::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(|error| wrong(error.to_string()))?;
        let name = entry.name().map_err(|error| wrong(error.to_string()))?.into_owned();
        if let Some(root) = name.strip_suffix("/data.pkl") {
            let mut content = Vec::new();
            entry
                .by_ref()
                .take(MAX_PICKLE + 1)
                .read_to_end(&mut content)
                .map_err(|error| wrong(error.to_string()))?;
            if content.len() as u64 > MAX_PICKLE {
                return Err(wrong(format!("{name} has more than {MAX_PICKLE} bytes")));
            }
            pickle = Some((root.to_owned(), content));
        } else if let (CompressionMethod::Stored, Some(start)) = (entry.compression(), entry.data_start()) {
            storages.insert(name, Place { start, length: entry.size() });
        }
    }
    let (root, pickle) = pickle.ok_or_else(|| wrong("it has no data.pkl".to_owned()))?;
    let object = parse(&pickle).map_err(|why| wrong(format!("{root}/data.pkl: {why}")))?;
    let mut found = Vec::new();
    flatten(state_dict(&object), "", &mut found);
    let mut entries = Vec::with_capacity(found.len());
    for (name, tensor) in found {
        let place = storages.get(&format!("{root}/data/{}", tensor.key));
        let entry = place
            .ok_or("its numbers are not in the archive".to_owned())
            .and_then(|at| tensor.entry(path, at));
        entries.push((name.clone(), entry.map_err(|why| wrong(format!("tensor {name}: {why}")))?));
    }
    Ok(entries)
}

/// The bytes of an entry of the archive, as they lie in the file.
struct Place {
    start: u64,
    length: u64,
}

/// Runs a pickle's instructions, none before it is known to be harmless.
fn parse(pickle: &[u8]) -> Result<Object, String> {
    let mut rest = pickle;
    let mut stack = Stack::empty();
    let mut work = MAX_WORK;
    loop {
        let [code, after @ ..] = rest else { return Err("ends too early".to_owned()) };
        let code = OpCode::try_from(*code).map_err(|code| format!("unknown instruction {code:#04x}"))?;
        check(&code, after, stack.stack(), &mut work)?;
        if stack.read(&mut rest).map_err(|error| error.to_string())? {
            return stack.finalize().map_err(|error| error.to_string());
        }
        if matches!(code, OpCode::BinGet | OpCode::LongBinGet)
            && let Some(copy) = stack.stack().last()
        {
            weigh(copy, MAX_DEPTH, &mut work)?;
        }
    }
}

/// Refuses an instruction that would allocate what is not there, overflow, nest too deeply or copy too much.
fn check(code: &OpCode, after: &[u8], stack: &[Object], work: &mut usize) -> Result<(), String> {
    let operands = match code {
        OpCode::BinUnicode => {
            let length =
                after.first_chunk().map_or(u64::MAX, |length| u64::from(u32::from_le_bytes(*length)));
            return if length <= after.len() as u64 {
                Ok(())
            } else {
                Err("a text longer than the file".to_owned())
            };
        }
        OpCode::Long1 => {
            let fits = after.first().is_some_and(|length| *length <= 8);
            return if fits { Ok(()) } else { Err("a number of more than 8 bytes".to_owned()) };
        }
        OpCode::Tuple1 | OpCode::BinPersId | OpCode::Append | OpCode::BinPut | OpCode::LongBinPut => 1,
        OpCode::Tuple2 | OpCode::Reduce | OpCode::Build | OpCode::NewObj | OpCode::SetItem => 2,
        OpCode::Tuple3 => 3,
        OpCode::Tuple | OpCode::Appends | OpCode::SetItems => {
            stack.iter().rev().take_while(|object| **object != Object::Mark).count()
        }
        _ => 0,
    };
    stack.iter().rev().take(operands).try_for_each(|operand| weigh(operand, MAX_DEPTH, work))
}

/// Takes an object's size off `work`; fails if that is used up or the object is nested deeper than `depth`.
fn weigh(object: &Object, depth: usize, work: &mut usize) -> Result<(), String> {
    let depth = depth.checked_sub(1).ok_or("objects nested too deeply")?;
    let own = match object {
        Object::Unicode(text) => 1 + text.len(),
        Object::Class { module_name, class_name } => 1 + module_name.len() + class_name.len(),
        _ => 1,
    };
    *work = work.checked_sub(own).ok_or("too many objects")?;
    match object {
        Object::Tuple(parts) | Object::List(parts) => {
            parts.iter().try_for_each(|part| weigh(part, depth, work))
        }
        Object::Dict(pairs) => pairs.iter().try_for_each(|(key, value)| {
            weigh(key, depth, work)?;
            weigh(value, depth, work)
        }),
        Object::Reduce { callable, args } | Object::Build { callable, args } => {
            weigh(callable, depth, work)?;
            weigh(args, depth, work)
        }
        Object::PersistentLoad(inner) => weigh(inner, depth, work),
        _ => Ok(()),
    }
}

/// The part of a training script's checkpoint that holds the model.
fn state_dict(object: &Object) -> &Object {
    let Object::Dict(pairs) = object else { return object };
    let nested = |key: &str| {
        let value = pairs.iter().find(|(name, _)| matches!(name, Object::Unicode(name) if name == key));
        value.map(|(_, value)| value).filter(|value| matches!(value, Object::Dict(_) | Object::Build { .. }))
    };
    NESTED.into_iter().find_map(nested).unwrap_or(object)
}

/// Collects tensors by their dotted names: those of a dictionary, and of the nested modules that TorchScript keeps.
fn flatten(object: &Object, prefix: &str, found: &mut Vec<(String, Stored)>) {
    match object {
        Object::Dict(pairs) => {
            for (key, value) in pairs {
                let Object::Unicode(key) = key else { continue };
                let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                match tensor(value) {
                    Some(tensor) => found.push((name, tensor)),
                    None => flatten(value, &name, found),
                }
            }
        }
        // The state of an object; what it was made with has no tensors of interest.
        Object::Build { callable, args } if matches!(**callable, Object::Dict(_)) => {
            flatten(callable, prefix, found)
        }
        Object::Build { args, .. } => flatten(args, prefix, found),
        _ => {}
    }
}

/// A tensor as the pickle describes it.
struct Stored {
    /// Name of the entry with the numbers.
    key: String,
    /// PyTorch's name of their type, such as `FloatStorage`.
    class: String,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

/// What `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, ...)` was called with; none for anything else.
fn tensor(object: &Object) -> Option<Stored> {
    let Object::Reduce { callable, args } = object else { return None };
    let (Object::Class { class_name, .. }, Object::Tuple(args)) = (&**callable, &**args) else { return None };
    match (class_name.as_str(), args.as_slice()) {
        ("_rebuild_parameter", [inner, ..]) => tensor(inner),
        (
            "_rebuild_tensor_v2",
            [Object::PersistentLoad(storage), offset, Object::Tuple(shape), Object::Tuple(strides), ..],
        ) => {
            let Object::Tuple(storage) = &**storage else { return None };
            let [_, Object::Class { class_name, .. }, Object::Unicode(key), ..] = storage.as_slice() else {
                return None;
            };
            let numbers = |parts: &[Object]| parts.iter().map(number).collect::<Option<Vec<_>>>();
            Some(Stored {
                key: key.clone(),
                class: class_name.clone(),
                offset: number(offset)?,
                shape: numbers(shape)?,
                strides: numbers(strides)?,
            })
        }
        _ => None,
    }
}

fn number(object: &Object) -> Option<usize> {
    match object {
        Object::Int(number) => usize::try_from(*number).ok(),
        Object::Long(number) => usize::try_from(*number).ok(),
        _ => None,
    }
}

impl Stored {
    fn entry(&self, path: &Path, storage: &Place) -> Result<Entry, String> {
        let dtype = match self.class.as_str() {
            "FloatStorage" => DType::F32,
            "HalfStorage" => DType::F16,
            "BFloat16Storage" => DType::BF16,
            "DoubleStorage" => DType::F64,
            "LongStorage" => DType::I64,
            "IntStorage" => DType::I32,
            "ByteStorage" | "BoolStorage" => DType::U8,
            other => return Err(format!("its type {other} is not read")),
        };
        let rows_first = strides(self.shape.iter().rev()).ok_or("its shape is too large")?;
        let rows_first: Vec<usize> = rows_first.into_iter().rev().collect();
        let columns_first = strides(self.shape.iter()).ok_or("its shape is too large")?;
        // Strides along a dimension of one mean nothing.
        let same = |expected: &[usize]| {
            let mut steps = self.strides.iter().zip(expected).zip(&self.shape);
            self.strides.len() == expected.len() && steps.all(|((a, b), length)| a == b || *length == 1)
        };
        let transposed = !same(&rows_first) && same(&columns_first);
        if !transposed && !same(&rows_first) {
            return Err(format!("its numbers are scattered (strides {:?})", self.strides));
        }
        let size = dtype.size_in_bytes() as u64;
        let start = (self.offset as u64).checked_mul(size);
        let count = self.shape.iter().product::<usize>() as u64;
        let end = start.and_then(|start| start.checked_add(count.checked_mul(size)?));
        match (start, end) {
            (Some(start), Some(end)) if end <= storage.length => {
                let (file, start) = (path.to_owned(), storage.start + start);
                Ok(Entry { file, start, shape: self.shape.clone(), dtype, transposed })
            }
            _ => Err(format!("it has more numbers than the {} bytes stored for it", storage.length)),
        }
    }
}

/// Steps between neighbours along each dimension, the one given first running fastest.
fn strides<'a>(shape: impl Iterator<Item = &'a usize>) -> Option<Vec<usize>> {
    let mut step = 1_usize;
    let mut strides = Vec::new();
    for length in shape {
        strides.push(step);
        step = step.checked_mul(*length)?;
    }
    Some(strides)
}

#[cfg(test)]
#[path = "pickle_tests.rs"]
mod tests;
