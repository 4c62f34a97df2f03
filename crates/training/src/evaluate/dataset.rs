//! Pictures with captions or classes, from a folder, a `.tar` or a `.tar.gz`.
//!
//! Two layouts: `dataset.json` beside a folder of pictures (that of RSICD and UCM-captions), or one folder per
//! class. The class of a picture of the first layout is in its name, as in `airport_12.jpg`; where there is a
//! `labels.jsonl` beside `dataset.json`, as in a sample area, that says what each picture holds.
//!
//! What a description names and does not have (a picture without its file, a caption that is no text) is left out by name, so
//! that one of thousands does not end a run of hours.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use clip_rs_sample::class::Class;
use clip_rs_stage::StageError;
use serde::Deserialize;
use serde_json::Value;

use super::archive::Archive;
use super::labels::{self, LABELS_FILE};
use crate::readable::LeftOut;

/// One picture of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its name in the data set.
    pub name: String,
    /// The picture file's content.
    pub content: Vec<u8>,
    /// What people say of it; may be empty.
    pub captions: Vec<String>,
    /// Its class, as the file or folder is named.
    pub class: Option<String>,
    /// Every class it is known to hold: its one class, or those of `labels.jsonl`. None where nothing is known.
    pub held: Option<Vec<String>>,
}

/// The pictures of one split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// The name in `dataset.json`, such as `rsicd`.
    pub name: Option<String>,
    /// The split's name; none where the data has no splits.
    pub split: Option<String>,
    /// Every class that the ground truth could name, those of other splits included.
    pub vocabulary: BTreeSet<String>,
    /// The pictures in the order of the data.
    pub examples: Vec<Example>,
    /// What the description names and does not have.
    pub left_out: Vec<LeftOut>,
}

#[derive(Deserialize)]
struct Description {
    #[serde(default)]
    dataset: Option<String>,
    #[serde(default = "default_folder")]
    image_folder: String,
    images: Vec<DescribedImage>,
}

#[derive(Deserialize)]
struct DescribedImage {
    filename: String,
    #[serde(default)]
    split: String,
    #[serde(default)]
    sentences: Vec<Sentence>,
}

#[derive(Deserialize)]
struct Sentence {
    /// Text, if all is well.
    #[serde(default)]
    raw: Value,
}

fn default_folder() -> String {
    "images".to_owned()
}

/// The split that is read when none is asked for, if the data has it.
const USUAL_SPLIT: &str = "test";

impl Dataset {
    /// The names of the splits; for folders of classes, the names of the folders above them.
    pub fn splits(data: &Path) -> Result<BTreeSet<String>, StageError> {
        let archive = Archive::open(data)?;
        let names = archive.names()?;
        let splits: BTreeSet<String> = match description(&names) {
            Some(name) => describe(&archive, name)?.images.into_iter().map(|image| image.split).collect(),
            None => {
                let above = |name: &String| name.rsplit('/').nth(2).map(str::to_owned);
                names.iter().filter(|name| Self::is_picture(name)).filter_map(above).collect()
            }
        };
        Ok(splits.into_iter().filter(|split| !split.is_empty()).collect())
    }

    /// Whether a file is a picture that is read, by its name.
    pub fn is_picture(name: &str) -> bool {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        extension.is_some_and(|e| ["jpg", "jpeg", "png", "webp"].contains(&e.as_str()))
    }

    /// Reads the pictures of a split. With `split` absent: `test` where there is one, else everything.
    pub fn read(data: &Path, split: Option<&str>) -> Result<Self, StageError> {
        let archive = Archive::open(data)?;
        let names = archive.names()?;
        match description(&names) {
            Some(name) => Self::from_description(&archive, name, split),
            None => Self::from_folders(&archive, &names, split),
        }
    }

    fn from_description(archive: &Archive, name: &str, split: Option<&str>) -> Result<Self, StageError> {
        let description = describe(archive, name)?;
        let root = name.strip_suffix("dataset.json").unwrap_or_default();
        let labels_name = format!("{root}{LABELS_FILE}");
        let labels_path = archive.path().join(&labels_name);
        let contents = archive.read(&BTreeSet::from([labels_name.clone()]))?;
        let mut labels =
            contents.get(&labels_name).map(|content| labels::read(&labels_path, content)).transpose()?;
        let vocabulary = match &labels {
            Some(labels) => {
                let drawn = Class::ALL.iter().map(|class| class.name().to_owned());
                labels.values().flatten().cloned().chain(drawn).collect()
            }
            None => description.images.iter().filter_map(|image| class_of(&image.filename)).collect(),
        };
        let splits = description.images.iter().map(|image| image.split.clone());
        let split = choose(archive, splits.filter(|split| !split.is_empty()).collect(), split)?;
        let chosen =
            description.images.into_iter().filter(|image| split.as_ref().is_none_or(|s| image.split == *s));
        let chosen: Vec<(String, DescribedImage)> = chosen
            .map(|image| (format!("{root}{}/{}", description.image_folder, image.filename), image))
            .collect();
        let mut contents = archive.read(&chosen.iter().map(|(path, _)| path.clone()).collect())?;
        let (mut examples, mut left_out) = (Vec::new(), Vec::new());
        let mut leave_out = |name: String, why: &str| left_out.push(LeftOut { name, why: why.to_owned() });
        for (path, image) in chosen {
            let Some(content) = contents.remove(&path) else {
                leave_out(path, "it is missing, or named twice");
                continue;
            };
            let class = class_of(&image.filename);
            let held = match &mut labels {
                Some(labels) => {
                    let id = image.filename.rsplit_once('.').map_or(image.filename.as_str(), |(id, _)| id);
                    let Some(held) = labels.remove(id) else {
                        leave_out(path, &format!("{labels_name} has no line for it"));
                        continue;
                    };
                    Some(held)
                }
                None => class.clone().map(|class| vec![class]),
            };
            let mut captions = Vec::new();
            for (number, sentence) in (1..).zip(image.sentences) {
                match sentence.raw {
                    Value::String(caption) if caption.trim().is_empty() => {}
                    Value::String(caption) => captions.push(caption),
                    _ => leave_out(format!("{path}, caption {number}"), "it is no text"),
                }
            }
            examples.push(Example { name: image.filename, content, captions, class, held });
        }
        Self { name: description.dataset, split, vocabulary, examples, left_out }.not_empty(archive)
    }

    fn from_folders(archive: &Archive, names: &[String], split: Option<&str>) -> Result<Self, StageError> {
        // Path, class, and the folder above the class, which is a split's where there are splits.
        let mut found: Vec<(String, String, String)> = Vec::new();
        for name in names.iter().filter(|name| Self::is_picture(name)) {
            let mut above = name.rsplit('/').skip(1);
            if let Some(class) = above.next() {
                let split = above.next().unwrap_or_default();
                found.push((name.clone(), class.to_owned(), split.to_owned()));
            }
        }
        let vocabulary: BTreeSet<String> = found.iter().map(|(_, class, _)| class.clone()).collect();
        if vocabulary.len() < 2 {
            let why = "neither a dataset.json nor two or more folders of pictures, one for each class";
            return Err(StageError::content(archive.path(), why));
        }
        let above: BTreeSet<String> = found.iter().map(|(_, _, split)| split.clone()).collect();
        let split = match split {
            None if !above.contains(USUAL_SPLIT) => None,
            asked => choose(archive, above, asked)?,
        };
        found.retain(|(_, _, above)| split.as_ref().is_none_or(|split| above == split));
        let mut contents = archive.read(&found.iter().map(|(path, _, _)| path.clone()).collect())?;
        let example = |(name, class, _): (String, String, String)| {
            let content = contents.remove(&name)?;
            let held = Some(vec![class.clone()]);
            Some(Example { name, content, captions: Vec::new(), class: Some(class), held })
        };
        let examples = found.into_iter().filter_map(example).collect();
        Self { name: None, split, vocabulary, examples, left_out: Vec::new() }.not_empty(archive)
    }

    fn not_empty(self, archive: &Archive) -> Result<Self, StageError> {
        if self.examples.is_empty() {
            let why = match self.left_out.first() {
                Some(LeftOut { name, why }) => format!("no pictures: {name}: {why}"),
                None => "no pictures".to_owned(),
            };
            return Err(StageError::content(archive.path(), why));
        }
        Ok(self)
    }

    /// The classes in alphabetical order, with the examples that have one as (example, class).
    pub fn classes(&self) -> (Vec<String>, Vec<(usize, usize)>) {
        let mut numbers: BTreeMap<&str, usize> = self
            .examples
            .iter()
            .filter_map(|example| example.class.as_deref())
            .map(|class| (class, 0))
            .collect();
        for (number, slot) in numbers.values_mut().enumerate() {
            *slot = number;
        }
        let truth = self
            .examples
            .iter()
            .enumerate()
            .filter_map(|(at, example)| Some((at, *numbers.get(example.class.as_deref()?)?)));
        let truth = truth.collect();
        (numbers.into_keys().map(str::to_owned).collect(), truth)
    }
}

/// The description's path, if there is one; the shortest of several.
fn description(names: &[String]) -> Option<&String> {
    names
        .iter()
        .filter(|name| *name == "dataset.json" || name.ends_with("/dataset.json"))
        .min_by_key(|name| name.len())
}

fn describe(archive: &Archive, name: &str) -> Result<Description, StageError> {
    let content = archive.read(&BTreeSet::from([name.to_owned()]))?.remove(name).unwrap_or_default();
    serde_json::from_slice(&content).map_err(|error| StageError::content(archive.path().join(name), error))
}

fn choose(
    archive: &Archive,
    splits: BTreeSet<String>,
    asked: Option<&str>,
) -> Result<Option<String>, StageError> {
    match asked {
        None => Ok(splits.contains(USUAL_SPLIT).then(|| USUAL_SPLIT.to_owned())),
        Some(split) if splits.contains(split) => Ok(Some(split.to_owned())),
        Some(split) => {
            let known: Vec<&str> = splits.iter().map(String::as_str).collect();
            let why = format!("no split {split:?}; it has: {}", known.join(", "));
            Err(StageError::content(archive.path(), why))
        }
    }
}

/// The class in a name such as `airport_12.jpg`: letters, an underscore, a number.
fn class_of(file: &str) -> Option<String> {
    let file = file.rsplit('/').next()?;
    let (class, rest) = file.rsplit_once('_')?;
    let (number, _) = rest.split_once('.')?;
    let named = !class.is_empty() && class.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (named && numbered).then(|| class.to_owned())
}

/// A class as people write it: RSICD's and UC Merced's names run words together, folders put `_` between them.
pub fn spelled(class: &str) -> String {
    let known: HashMap<&str, &str> = HashMap::from([
        ("bareland", "bare land"),
        ("baseballfield", "baseball field"),
        ("denseresidential", "dense residential"),
        ("mediumresidential", "medium residential"),
        ("sparseresidential", "sparse residential"),
        ("railwaystation", "railway station"),
        ("baseballdiamond", "baseball diamond"),
        ("golfcourse", "golf course"),
        ("mobilehomepark", "mobile home park"),
        ("parkinglot", "parking lot"),
        ("tenniscourt", "tennis court"),
        ("storagetanks", "storage tanks"),
    ]);
    let plain = class.to_ascii_lowercase();
    if let Some(words) = known.get(plain.as_str()) {
        return (*words).to_owned();
    }
    // `SolarFarm` and `solar_farm` are both "solar farm".
    let mut words = String::new();
    let mut former = ' ';
    for letter in class.chars() {
        if letter.is_uppercase() && former.is_lowercase() {
            words.push(' ');
        }
        words.push(if matches!(letter, '_' | '-') { ' ' } else { letter });
        former = letter;
    }
    words.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "dataset_tests.rs"]
mod tests;
