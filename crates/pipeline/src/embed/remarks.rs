//! What decoding noted about pictures, grouped and counted, so that a person reads a few lines for a million tiles.

use std::collections::BTreeMap;

use clip_rs_imagery::decode::Note;
use clip_rs_stage::progress::counted;

/// Notes by their kind.
#[derive(Debug, Default)]
pub struct Remarks(BTreeMap<&'static str, Remark>);

#[derive(Debug)]
struct Remark {
    count: usize,
    first: String,
    note: Note,
}

impl Remarks {
    /// Notes what decoding said about `subject`.
    pub fn add(&mut self, subject: &str, notes: &[Note]) {
        for note in notes {
            self.0.entry(kind(note)).and_modify(|remark| remark.count += 1).or_insert_with(|| Remark {
                count: 1,
                first: subject.to_owned(),
                note: *note,
            });
        }
    }

    /// A sentence for each kind of note.
    pub fn told(&self) -> Vec<String> {
        let told = |remark: &Remark| {
            let Remark { count, first, note } = remark;
            match count {
                1 => format!("{first}: {note}"),
                _ => format!("{first} and {}: {note}", counted(count - 1, "other", "others")),
            }
        };
        self.0.values().map(told).collect()
    }
}

fn kind(note: &Note) -> &'static str {
    match note {
        Note::Stretched { .. } => "stretched",
        Note::Ranged { .. } => "ranged",
        Note::BandsLeftOut { .. } => "bands",
        Note::Hidden { .. } => "hidden",
        Note::Reduced { .. } => "reduced",
        Note::FirstFrame => "frame",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_of_one_kind_are_one_sentence_with_their_number() {
        let mut remarks = Remarks::default();
        for at in 0..1500 {
            remarks.add(&format!("17/1/{at}"), &[Note::Stretched { bits: 12 }]);
        }
        remarks.add("a.webp", &[Note::FirstFrame]);
        let told = remarks.told();
        assert_eq!(told.len(), 2);
        assert!(told[0].starts_with("a.webp: an animation"), "{told:?}");
        assert!(told[1].starts_with("17/1/0 and 1,499 others: only 12 of 16 bits"), "{told:?}");
    }
}
