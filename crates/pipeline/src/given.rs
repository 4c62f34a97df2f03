//! Embeddings made elsewhere, which a catalog takes in the place of those that its model would make.

use std::collections::HashMap;

use clip_rs_catalog::Digest;
use clip_rs_search::Embedding;
use clip_rs_search::model::{ImageConfig, ImagePixels, ImageTower, ModelConfig, ModelError};
use clip_rs_stage::StageError;
use clip_rs_stage::progress::counted;

/// Names that a message gives of each side.
const NAMED: usize = 3;

/// Vectors by the names of items.
#[derive(Debug, Clone)]
pub struct Given {
    /// Where they are from, for messages.
    source: String,
    dim: usize,
    rows: HashMap<String, usize>,
    vectors: Vec<f32>,
}

impl Given {
    /// None so far, of `dim` components each; `source` is what they are read from.
    pub fn new(source: impl Into<String>, dim: usize) -> Self {
        Self { source: source.into(), dim, rows: HashMap::new(), vectors: Vec::new() }
    }

    /// Adds the vector of the item called `id`. One that has no direction, or a name that is there already, is an error.
    pub fn push(&mut self, id: &str, vector: Vec<f32>) -> Result<(), StageError> {
        let refuse = |why: String| StageError::content(&self.source, format!("the row of {id}: {why}"));
        if vector.len() != self.dim {
            return Err(refuse(format!("{} numbers, where others have {}", vector.len(), self.dim)));
        }
        let vector = Embedding::new(vector).map_err(|error| refuse(error.to_string()))?;
        let row = self.rows.len();
        if self.rows.insert(id.to_owned(), row).is_some() {
            return Err(StageError::content(&self.source, format!("there are two rows of {id}")));
        }
        self.vectors.extend_from_slice(vector.as_slice());
        Ok(())
    }

    /// The vector of an item.
    pub fn get(&self, id: &str) -> Option<&[f32]> {
        let row = *self.rows.get(id)?;
        self.vectors.get(row * self.dim..(row + 1) * self.dim)
    }

    /// Where they are from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Which of the items called `ids` have a vector, in their order, and what a person should know of the others. Where no name
    /// fits, the error names some of each side.
    pub fn fit(&self, ids: &[String]) -> Result<(Vec<bool>, String), StageError> {
        let mut is_used = vec![false; self.len()];
        let mut has_one = Vec::with_capacity(ids.len());
        for id in ids {
            let row = self.rows.get(id);
            row.and_then(|row| is_used.get_mut(*row)).into_iter().for_each(|used| *used = true);
            has_one.push(row.is_some());
        }
        let unused = is_used.iter().filter(|used| !**used).count();
        let mut named: Vec<(usize, &str)> = self.rows.iter().map(|(id, row)| (*row, id.as_str())).collect();
        named.retain(|(row, _)| is_used.get(*row) == Some(&false));
        named.sort_unstable();
        let of_table = listed(named.iter().map(|(_, id)| *id));
        if unused == self.len() {
            let of_items = listed(ids.iter().map(String::as_str));
            let why = format!(
                "none of its names is that of an item: it has {of_table}, and the imagery has {of_items}. Is it of other imagery, \
                 or of another zoom?"
            );
            return Err(StageError::content(&self.source, why));
        }
        let taken = counted(self.len() - unused, "embedding", "embeddings");
        let rest = match unused {
            0 => String::new(),
            1 => format!("; 1 row is of no item: {of_table}"),
            more => format!("; {more} rows are of no item: {of_table}"),
        };
        Ok((has_one, format!("{}: {taken} taken{rest}", self.source)))
    }

    /// What tells the kept records of runs with given embeddings from those of models. They hold how pictures look and which are
    /// empty, and no vector that is used, so they are the same for every table.
    pub fn kept_as() -> Digest {
        Digest::of(b"pictures whose embeddings were made elsewhere")
    }

    /// A tower that prepares pictures as the model's does and looks at none of them. Vectors of another length than the model's
    /// are an error: its text tower could not be compared with them.
    pub fn tower(&self, model: &ModelConfig) -> Result<Box<dyn ImageTower>, StageError> {
        if self.dim != model.embed_dim {
            let why = format!(
                "its vectors have {} numbers and those of the model {} have {}: name the model that made them with --model",
                self.dim, model.name, model.embed_dim
            );
            return Err(StageError::content(&self.source, why));
        }
        Ok(Box::new(Blind { dim: self.dim, config: model.image.clone() }))
    }
}

/// The first of these names, for a sentence.
fn listed<'a>(mut names: impl Iterator<Item = &'a str>) -> String {
    let first: Vec<&str> = names.by_ref().take(NAMED).collect();
    let more = if names.next().is_some() { " …" } else { "" };
    format!("{}{more}", first.join(", "))
}

/// Gives every picture the same vector.
struct Blind {
    dim: usize,
    config: ImageConfig,
}

impl ImageTower for Blind {
    fn dim(&self) -> usize {
        self.dim
    }

    fn config(&self) -> &ImageConfig {
        &self.config
    }

    fn encode_batch(&self, pictures: &[ImagePixels]) -> Result<Vec<Embedding>, ModelError> {
        let one =
            || Embedding::new(vec![1.0; self.dim]).map_err(|error| ModelError::Compute(error.to_string()));
        pictures.iter().map(|_| one()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_no_item_are_counted_and_a_table_of_other_things_is_an_error_that_names_some() {
        let mut given = Given::new("a table", 2);
        for id in ["a", "b", "c", "d", "e"] {
            given.push(id, vec![1.0, 0.0]).expect(id);
        }
        let ids = ["x", "b", "y"].map(str::to_owned);
        let (has_one, said) = given.fit(&ids).expect("one fits");
        assert_eq!(has_one, [false, true, false]);
        assert_eq!(said, "a table: 1 embedding taken; 4 rows are of no item: a, c, d …");
        let said = given.fit(&["x", "y", "z", "w"].map(str::to_owned)).expect_err("none fits").to_string();
        assert!(said.contains("a, b, c …") && said.contains("x, y, z …"), "{said}");
        assert!(
            !given
                .fit(&["a", "b", "c", "d", "e"].map(str::to_owned))
                .expect("all fit")
                .1
                .contains("of no item")
        );
    }

    #[test]
    fn vectors_are_found_by_name_and_brought_to_length_1() {
        let mut given = Given::new("a table", 2);
        given.push("17/1/2", vec![3.0, -4.0]).expect("a vector");
        assert_eq!(given.get("17/1/2"), Some(&[0.6, -0.8][..]));
        assert_eq!(given.get("17/1/3"), None);
        for (id, vector, word) in [
            ("17/1/2", vec![1.0, 0.0], "two rows"),
            ("b", vec![1.0], "1 numbers"),
            ("c", vec![0.0, 0.0], "c"),
            ("d", vec![f32::NAN, 1.0], "d"),
        ] {
            let said = given.push(id, vector).expect_err(id).to_string();
            assert!(said.contains(word) && said.contains("a table"), "{said}");
        }
    }
}
