//! Concepts that were taught and saved: kept by the browser, and shared as files (JSON).

use serde::{Deserialize, Serialize};

use crate::ask::{Named, Origin, words};
use crate::vector::Vector;

/// Most concepts that are kept.
pub const MAX_SAVED: usize = 100;
/// Longest file of a concept, bytes.
pub const MAX_BYTES: usize = 1_000_000;
/// Most marks that are kept with a concept.
const MAX_MARKS: usize = 2000;
/// Longest name, characters.
const MAX_NAME: usize = 60;

/// A concept with what it was taught by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// What it is called.
    pub concept: String,
    /// Name of the model whose space it lies in; in another it means nothing.
    pub model: String,
    /// Where it points ([`Vector`]).
    pub vector: String,
    /// The items that were marked, and whether they show it.
    #[serde(default)]
    pub marks: Vec<(String, bool)>,
    /// The words that it began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_with: Option<String>,
}

/// Why a file is no concept that can be used here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConceptError {
    /// It is none.
    #[error("the file holds no concept: {0}")]
    NotOne(String),
    /// It is of another model.
    #[error("the concept was taught with the model {found}, and this area is searched with {expected}")]
    OtherModel {
        /// The model here.
        expected: String,
        /// The model there.
        found: String,
    },
}

impl Saved {
    /// A concept of `name`; white space made single and cut where it is too long.
    pub fn new(
        name: &str,
        model: &str,
        vector: &Vector,
        marks: &[(String, bool)],
        began_with: Option<String>,
    ) -> Self {
        let name: String =
            words(name).unwrap_or_else(|| "Concept".to_owned()).chars().take(MAX_NAME).collect();
        let marks = marks.get(marks.len().saturating_sub(MAX_MARKS)..).unwrap_or_default().to_vec();
        Self { concept: name, model: model.to_owned(), vector: vector.as_str().to_owned(), marks, began_with }
    }

    /// Reads a file for an area that is searched with `model`.
    pub fn from_json(text: &str, model: &str) -> Result<Self, ConceptError> {
        if text.len() > MAX_BYTES {
            return Err(ConceptError::NotOne(format!("it has {} bytes", text.len())));
        }
        let saved: Self =
            serde_json::from_str(text).map_err(|error| ConceptError::NotOne(error.to_string()))?;
        let vector = Vector::parse(&saved.vector)
            .ok_or_else(|| ConceptError::NotOne("its vector is none".to_owned()))?;
        if saved.model != model {
            return Err(ConceptError::OtherModel { expected: model.to_owned(), found: saved.model });
        }
        Ok(Self::new(
            &saved.concept,
            model,
            &vector,
            &saved.marks,
            saved.began_with.and_then(|text| words(&text)),
        ))
    }

    /// The content of a file.
    pub fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// The concept as a term of a query; none if its vector is none.
    pub fn named(&self) -> Option<Named> {
        Some(Named {
            origin: Origin::Concept,
            name: self.concept.clone(),
            vector: Vector::parse(&self.vector)?,
        })
    }
}

/// Reads what the browser kept; what is not understood is left out.
pub fn from_storage(text: &str) -> Vec<Saved> {
    let values: Vec<serde_json::Value> = serde_json::from_str(text).unwrap_or_default();
    let known = values.into_iter().filter_map(|value| serde_json::from_value::<Saved>(value).ok());
    known.filter(|saved| saved.named().is_some()).take(MAX_SAVED).collect()
}

/// What the browser is to keep.
pub fn to_storage(saved: &[Saved]) -> String {
    serde_json::json!(saved).to_string()
}

/// Puts a concept first; one of the same name and model gives way to it.
pub fn keep(all: &mut Vec<Saved>, saved: Saved) {
    all.retain(|other| (&other.concept, &other.model) != (&saved.concept, &saved.model));
    all.insert(0, saved);
    all.truncate(MAX_SAVED);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(name: &str) -> Saved {
        let vector = Vector::parse("f4E").expect("a vector");
        Saved::new(
            name,
            "rs-small",
            &vector,
            &[("17/1/2".into(), true), ("17/1/3".into(), false)],
            Some("pond".into()),
        )
    }

    #[test]
    fn a_concept_survives_a_file_and_the_browser() {
        let one = saved("  my \n ponds ");
        assert_eq!(one.concept, "my ponds");
        assert_eq!(Saved::from_json(&one.to_json(), "rs-small"), Ok(one.clone()));
        let all = vec![one, saved("b")];
        assert_eq!(from_storage(&to_storage(&all)), all);
    }

    #[test]
    fn what_is_no_concept_or_of_another_model_is_refused_by_name() {
        let error = Saved::from_json(&saved("a").to_json(), "vit-b-32").expect_err("another model");
        assert!(error.to_string().contains("rs-small") && error.to_string().contains("vit-b-32"));
        let broken = saved("a").to_json().replace("f4E", "?");
        for text in ["", "[]", "{}", broken.as_str(), &" ".repeat(MAX_BYTES + 1)] {
            assert!(matches!(Saved::from_json(text, "rs-small"), Err(ConceptError::NotOne(_))), "{text:.40}");
        }
        assert_eq!(from_storage("garbage"), []);
        assert_eq!(from_storage(&format!("[1, {{}}, {}]", saved("a").to_json())).len(), 1);
    }

    #[test]
    fn the_last_of_a_name_is_kept() {
        let mut all = Vec::new();
        for name in ["a", "b", "a"] {
            keep(&mut all, saved(name));
        }
        let names: Vec<&str> = all.iter().map(|saved| saved.concept.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        (0..200).for_each(|at| keep(&mut all, saved(&at.to_string())));
        assert_eq!(all.len(), MAX_SAVED);
    }
}
