//! The ground truth of a sample area: what the generator drew in each tile.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    classes: BTreeMap<String, Amount>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Amount {
    area: f64,
    count: f64,
}

/// What is in each tile of the area's deepest zoom.
#[derive(Debug)]
pub struct GroundTruth {
    tiles: BTreeMap<String, BTreeMap<String, Amount>>,
}

impl GroundTruth {
    /// Reads `labels.jsonl` of a sample folder.
    pub fn read(sample: &Path) -> Result<Self> {
        let path = sample.join("labels.jsonl");
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let rows = text.lines().map(serde_json::from_str::<Row>);
        let tiles = rows.map(|row| row.map(|row| (row.id, row.classes))).collect::<Result<_, _>>();
        Ok(Self { tiles: tiles.with_context(|| format!("reading {}", path.display()))? })
    }

    /// Whether the tile shows something of any of the classes: an object of it, or a hundredth of the tile.
    pub fn shows(&self, id: &str, classes: &[&str]) -> bool {
        let Some(tile) = self.tiles.get(id) else { return false };
        classes.iter().any(|class| tile.get(*class).is_some_and(|a| a.count >= 1.0 || a.area >= 0.01))
    }

    /// Number of tiles that show any of the classes.
    pub fn count(&self, classes: &[&str]) -> usize {
        self.tiles.keys().filter(|id| self.shows(id, classes)).count()
    }

    /// Number of tiles.
    pub fn len(&self) -> usize {
        self.tiles.len()
    }

    /// Whether there is no tile.
    pub fn is_empty(&self) -> bool {
        self.tiles.is_empty()
    }
}
