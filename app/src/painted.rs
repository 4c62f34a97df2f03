//! A layer as it is painted: its cells, and what they are of.

use crate::protocol::explore::{Compared, Layer};

/// Cells with what they are of.
#[derive(Debug, Clone, PartialEq)]
pub struct Painted {
    /// The grid.
    pub grid: Layer,
    /// A byte a cell.
    pub cells: Vec<u8>,
    /// Whether it is a difference of two queries.
    pub is_difference: bool,
    /// What is known of two dates, where it is what has changed between them.
    pub change: Option<Change>,
}

/// What is known of two dates besides.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// [`Compared::unpaired`].
    pub unpaired: usize,
    /// [`Compared::stand_out`].
    pub stand_out: usize,
    /// [`Compared::before`].
    pub before: Vec<String>,
}

impl Painted {
    /// What has changed between two dates; its hits are somewhere else.
    pub fn of(compared: Compared, cells: Vec<u8>) -> Self {
        let Compared { layer: grid, unpaired, stand_out, before, .. } = compared;
        Self { grid, cells, is_difference: false, change: Some(Change { unpaired, stand_out, before }) }
    }
}
