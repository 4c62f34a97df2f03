//! What pictures are called that come in class folders: the class in a few sentences.

use crate::evaluate::{Example, spelled};

/// What a picture of a class is called.
const TEMPLATES: [&str; 6] = [
    "an aerial photograph of {}",
    "an aerial view of {}",
    "a satellite image of {}",
    "{} seen from above",
    "a photo of {}",
    "{}",
];
/// What classes are told apart by when a model is checked, as `clip-rs evaluate` does.
const PROMPT: &str = "An aerial photograph of {}";

/// What a picture is called: its captions, or else its class in all templates.
pub(super) fn captions(example: &Example) -> Vec<String> {
    match &example.class {
        Some(class) if example.captions.is_empty() => {
            let class = spelled(class);
            TEMPLATES.iter().map(|template| template.replace("{}", &class)).collect()
        }
        _ => example.captions.iter().map(|caption| caption.trim().to_owned()).collect(),
    }
}

/// The text that stands for a class, given as people write it, when a model is checked.
pub(super) fn prompt(class: &str) -> String {
    PROMPT.replace("{}", class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(class: &str) -> Example {
        let name = format!("{class}/1.png");
        Example { name, content: Vec::new(), captions: Vec::new(), class: Some(class.to_owned()), held: None }
    }

    #[test]
    fn class_names_of_the_usual_data_sets_become_words() {
        for (class, words) in [
            ("storageTanks", "storage tanks"),
            ("baseball_diamond", "baseball diamond"),
            ("DenseResidential", "dense residential"),
            ("HerbaceousVegetation", "herbaceous vegetation"),
            ("mobilehomepark", "mobile home park"),
            ("golfcourse", "golf course"),
        ] {
            let captions = captions(&example(class));
            assert_eq!(captions[0], format!("an aerial photograph of {words}"));
            assert_eq!(captions[5], words);
            assert_eq!(captions.len(), TEMPLATES.len());
        }
        let mut captioned = example("airport");
        captioned.captions = vec![" many planes . ".to_owned()];
        assert_eq!(captions(&captioned), ["many planes ."]);
    }
}
