//! The loops that everything rests on: plain Rust definitions, and the same results with SIMD where there is some.
//!
//! The only module of the crate with `unsafe`: vector loads, and instructions that were found to be there.

mod dot;
mod rows;

pub(crate) use dot::{BLOCK, dot, dot_blocks};
pub(crate) use rows::{ROWS_TOGETHER, RowDots};
