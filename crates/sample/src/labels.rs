//! The ground truth of a tile: how much of it each class covers and how many objects there are.

use serde_json::{Map, Value, json};

use crate::class::Class;

/// What a tile shows of a class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Label {
    /// Share of the tile's pixels, 0..1.
    pub area: f64,
    /// Objects in the tile, at least 1.
    pub count: u32,
}

/// The classes of a tile, in the order of the classes' numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    pub classes: Vec<(Class, Label)>,
}

impl Labels {
    /// The share of the tile that a class covers, 0 when it is absent.
    pub fn area(&self, class: Class) -> f64 {
        self.get(class).map_or(0.0, |l| l.area)
    }

    /// How many objects of a class the tile has, 0 when it is absent.
    pub fn count(&self, class: Class) -> u32 {
        self.get(class).map_or(0, |l| l.count)
    }

    fn get(&self, class: Class) -> Option<Label> {
        self.classes.iter().find(|(c, _)| *c == class).map(|(_, l)| *l)
    }

    /// The tile's line of `labels.jsonl`.
    pub fn to_json(&self, id: &str) -> String {
        let mut classes = Map::new();
        for (class, label) in &self.classes {
            let area = (label.area * 1e4).round() / 1e4;
            classes.insert(class.name().to_owned(), json!({ "area": area, "count": label.count }));
        }
        json!({ "id": id, "classes": Value::Object(classes) }).to_string()
    }
}
