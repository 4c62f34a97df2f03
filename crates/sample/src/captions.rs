//! Sentences about a tile, as people would write them: what stands out, beside what, before what background.

use crate::class::Class;
use crate::labels::Labels;
use crate::words::{self, WORDS, Words};
use clip_rs_stage::dice::Dice;

/// Captions of a tile.
pub const PER_TILE: usize = 5;

/// A thing worth a word: its words, how many there are, how much it stands out.
struct Subject {
    words: &'static Words,
    count: u32,
    score: f64,
}

/// Five sentences that say only what the labels contain. Empty tiles are grassland.
pub fn captions(labels: &Labels, seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed, 5);
    let subjects = subjects(labels);
    (0..PER_TILE).map(|k| sentence(&subjects, labels, k, &mut dice)).collect()
}

fn subjects(labels: &Labels) -> Vec<Subject> {
    let mut out: Vec<Subject> = WORDS
        .iter()
        .filter_map(|words| {
            let area = labels.area(words.class);
            if area < words.least {
                return None;
            }
            // Twice the least area is fully seen; large backgrounds gain with their size.
            let seen = (area / words.least / 2.0).min(1.0).sqrt();
            let score =
                words.weight * (0.55 + 0.45 * seen) + if words.weight < 5.0 { 2.0 * area } else { area };
            Some(Subject { words, count: labels.count(words.class), score })
        })
        .collect();
    out.sort_by(|a, b| b.score.total_cmp(&a.score));
    // The boats of a marina, the track of a stadium: named, but after their place.
    out
}

fn number(count: u32, dice: &mut Dice) -> &'static str {
    let options: &[&'static str] = match count {
        0 | 1 => &[""],
        2 => &["two "],
        3 => &["three ", "several ", "some "],
        4 => &["four ", "several ", "some "],
        5..=9 => &["several ", "many ", "a number of ", ""],
        _ => &["many ", "lots of ", "a lot of ", "rows of ", ""],
    };
    dice.pick::<&str>(options)
}

/// A name for the thing with its number, and whether it is plural.
fn name(subject: &Subject, dice: &mut Dice) -> (String, bool) {
    if subject.count >= 2 && countable(subject.words.class) {
        let noun = *dice.pick(subject.words.many);
        let counted = noun.starts_with("two") || noun.starts_with("many");
        let number = if counted { "" } else { number(subject.count, dice) };
        (format!("{number}{noun}"), true)
    } else {
        let noun = *dice.pick(subject.words.one);
        (noun.to_owned(), plural(noun))
    }
}

/// Whether a phrase without an article is grammatically plural.
fn plural(noun: &str) -> bool {
    let singular = [
        "a ",
        "an ",
        "farmland",
        "dense forest",
        "woodland",
        "downtown",
        "bare ",
        "cleared",
        "waste",
        "dense housing",
        "agricultural land",
    ];
    !singular.iter().any(|s| noun.starts_with(s))
}

fn countable(class: Class) -> bool {
    matches!(
        class,
        Class::Airplane
            | Class::StorageTank
            | Class::Bridge
            | Class::BaseballField
            | Class::TennisCourt
            | Class::SoccerField
            | Class::Boat
            | Class::SwimmingPool
            | Class::CarPark
            | Class::Pond
            | Class::RunningTrack
    )
}

/// Where a class is usually found, when the labels say that the place is there too.
fn setting(class: Class, labels: &Labels, dice: &mut Dice) -> Option<&'static str> {
    let has = |c: Class, area: f64| labels.area(c) >= area;
    let options: &[&'static str] = match class {
        Class::Airplane => &[
            "parked at the airport",
            "parked near the terminal",
            "on the apron of an airport",
            "parked side by side at an airport",
            "standing on the tarmac",
        ],
        Class::StorageTank if has(Class::Industry, 0.1) => &[
            "in an industrial area",
            "in a tank farm",
            "in a factory",
            "at a refinery",
            "near some buildings",
        ],
        Class::Bridge if has(Class::River, 0.03) => &[
            "over a river",
            "across the river",
            "over the water",
            "crossing a wide river",
            "spanning the river",
        ],
        Class::Boat if has(Class::Marina, 0.05) => {
            &["in a marina", "moored at the docks", "in a harbour", "orderly in a port", "at the piers"]
        }
        Class::SwimmingPool if has(Class::MediumResidential, 0.2) || has(Class::SparseResidential, 0.2) => {
            &["in the gardens", "behind the houses", "in a backyard", "near houses"]
        }
        Class::BaseballField | Class::RunningTrack | Class::TennisCourt | Class::SoccerField
            if has(Class::School, 0.2) =>
        {
            &["beside a school", "at a school", "near a school building", "on the school grounds"]
        }
        Class::BaseballField | Class::SoccerField | Class::TennisCourt if has(Class::Park, 0.2) => {
            &["in a park", "in a sports park", "among lawns", "surrounded by grass"]
        }
        Class::CarPark if labels.count(Class::Car) > 12 => {
            &["with many cars", "full of cars", "with cars parked in rows", "where many cars are parked"]
        }
        Class::River if has(Class::Forest, 0.2) => {
            &["through a forest", "between green trees", "with trees on its banks"]
        }
        Class::Roundabout => &["where roads meet", "at a road junction", "with a green centre"],
        Class::Motorway | Class::Interchange if labels.count(Class::Car) > 3 => {
            &["with cars", "with some traffic", "with many cars on it"]
        }
        Class::Beach => &["by the water", "at the waterside", "along the shore"],
        Class::SolarFarm => &["in a field", "on grass", "in the countryside"],
        _ => return None,
    };
    Some(*dice.pick(options))
}

fn sentence(subjects: &[Subject], labels: &Labels, kind: usize, dice: &mut Dice) -> String {
    let Some(first) = subjects.first() else { return plain(labels, dice) };
    // Most sentences lead with what stands out; some lead with the next thing.
    let (first, others) = match subjects.get(1) {
        Some(second) if kind == 3 && second.score > first.score * 0.62 => (second, &subjects[..1]),
        _ => (first, &subjects[1..]),
    };
    let (a, many) = name(first, dice);
    let is = if many { "are" } else { "is" };
    let others: Vec<&Subject> =
        others.iter().filter(|s| s.words.class != first.words.class).take(3).collect();
    let second = others.first().map(|s| name(s, dice).0);
    let third = others.get(1).map(|s| name(s, dice).0);
    let at = setting(first.words.class, labels, dice);
    let near = *dice.pick(&["near", "next to", "beside", "close to", "by"]);
    let text = match (kind, second, third) {
        (0, Some(b), _) => format!("{a} {is} {near} {b}"),
        (0, None, _) => format!("there {is} {a}"),
        (1, Some(b), Some(c)) => match dice.below(4) {
            0 => format!("{a} between {b} and {c}"),
            1 => format!("{b} and {c} are around {a}"),
            2 => format!("{a} with {b} and {c} nearby"),
            _ => format!("{a} surrounded by {b} and {c}"),
        },
        (1, Some(b), None) => format!("{b} {near} {a}"),
        (2, _, _) if at.is_some() => format!("{a} {}", at.unwrap_or_default()),
        (3, Some(b), _) => match dice.below(3) {
            0 => format!("there {is} {a} and {b}"),
            1 => format!("{a} with {b} on one side"),
            _ => format!("an aerial photograph of {a} {near} {b}"),
        },
        (4, _, _) => a.clone(),
        (2, Some(b), _) if dice.chance(0.5) => format!("we can see {a} and {b}"),
        _ => {
            let view = *dice.pick(&[
                "an aerial view of",
                "an aerial photograph of",
                "a photo from above of",
                "here we can see",
                "a picture of",
                "this is",
            ]);
            let view = if many && view == "this is" { "these are" } else { view };
            format!("{view} {a}")
        }
    };
    format!("{text} .")
}

/// A tile with nothing that stands out: grass and what little else there is.
fn plain(labels: &Labels, dice: &mut Dice) -> String {
    let grass = *dice.pick(&[
        "grassland",
        "green grass",
        "a meadow",
        "open grassland",
        "a piece of green meadow",
        "grass and trees",
    ]);
    let also = [Class::Forest, Class::Farmland, Class::Road, Class::Building, Class::River]
        .into_iter()
        .find(|&c| labels.area(c) > 0.04);
    let extra = match also {
        Some(Class::Road) => Some(*dice.pick(&["a road", "a street", "a straight road"])),
        Some(Class::Building) => Some(*dice.pick(&["some buildings", "several buildings"])),
        Some(class) => words::of(class).map(|w| *dice.pick(w.one)),
        None => None,
    };
    match (extra, dice.below(3)) {
        (Some(b), 0) => format!("{grass} with {b} ."),
        (Some(b), 1) => format!("{b} beside {grass} ."),
        (_, 2) => format!("an aerial view of {grass} ."),
        _ => format!("there is {grass} ."),
    }
}
