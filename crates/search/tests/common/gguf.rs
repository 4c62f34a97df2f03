//! Writes the GGUF files of the tests, by the format's description and not by the reader under test. That files of other
//! writers are read as those read them is tested where candle is at hand (`crates/towers/tests/gguf.rs`): it takes minutes to
//! compile for each of the processors that these tests run on.
//!
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>, version 3.

use half::f16;

/// Numbers of a block of Q8_0, which share a scale.
const BLOCK: usize = 32;
/// Where tensors begin, in bytes: at multiples of it.
const ALIGNMENT: usize = 32;
/// The type of a metadata value that is a string.
const STRING: u32 = 8;

/// How numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    F32 = 0,
    F16 = 1,
    /// Blocks of 32 with a scale in 16 bits and 8 bits each.
    Q8_0 = 8,
}

/// A tensor to write.
pub struct Stored {
    name: String,
    /// Slowest-running dimension first.
    shape: Vec<usize>,
    dtype: Dtype,
    bytes: Vec<u8>,
    /// The numbers as a reader finds them.
    pub values: Vec<f32>,
}

impl Stored {
    /// Rounds `values` to what `dtype` can hold.
    pub fn new(name: &str, shape: Vec<usize>, dtype: Dtype, values: &[f32]) -> Self {
        let mut bytes = Vec::new();
        let values = match dtype {
            Dtype::F32 => {
                values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
                values.to_vec()
            }
            Dtype::F16 => {
                let rounded = values.iter().map(|value| f16::from_f32(*value));
                rounded.inspect(|half| bytes.extend(half.to_le_bytes())).map(f16::to_f32).collect()
            }
            Dtype::Q8_0 => values.chunks_exact(BLOCK).flat_map(|block| q8_0(block, &mut bytes)).collect(),
        };
        Self { name: name.to_owned(), shape, dtype, bytes, values }
    }
}

/// Writes a block and returns its numbers as they are read: the largest becomes 127.
fn q8_0(block: &[f32], bytes: &mut Vec<u8>) -> Vec<f32> {
    let scale = block.iter().fold(0.0_f32, |most, value| most.max(value.abs())) / 127.0;
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    let stored = f16::from_f32(scale);
    bytes.extend(stored.to_le_bytes());
    let rounded = block.iter().map(|value| (value * inverse).round() as i8);
    rounded
        .inspect(|code| bytes.extend(code.to_le_bytes()))
        .map(|code| f32::from(code) * stored.to_f32())
        .collect()
}

/// A file of these tensors.
pub fn file(architecture: &str, tensors: &[Stored]) -> Vec<u8> {
    let mut out = b"GGUF".to_vec();
    out.extend(3_u32.to_le_bytes());
    out.extend((tensors.len() as u64).to_le_bytes());
    out.extend(1_u64.to_le_bytes());
    string(&mut out, "general.architecture");
    out.extend(STRING.to_le_bytes());
    string(&mut out, architecture);
    let mut offset = 0;
    for tensor in tensors {
        string(&mut out, &tensor.name);
        out.extend((tensor.shape.len() as u32).to_le_bytes());
        // The fastest-running dimension first.
        tensor.shape.iter().rev().for_each(|length| out.extend((*length as u64).to_le_bytes()));
        out.extend((tensor.dtype as u32).to_le_bytes());
        out.extend((offset as u64).to_le_bytes());
        offset += tensor.bytes.len().next_multiple_of(ALIGNMENT);
    }
    for tensor in tensors {
        out.resize(out.len().next_multiple_of(ALIGNMENT), 0);
        out.extend(&tensor.bytes);
    }
    out
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}
