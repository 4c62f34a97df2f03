//! Which picture a row of a table means: never by guess, and what stays open is named.

use std::collections::{BTreeMap, HashMap};

use clip_rs_catalog::LngLat;
use unicode_normalization::UnicodeNormalization;

use super::report::{Named, shown};

/// One row of a table of positions.
#[derive(Debug)]
pub(super) struct NamedPosition {
    /// As it is written there, but with `/` between folders.
    pub(super) name: String,
    pub(super) at: LngLat,
    /// Line of the file, from 1.
    pub(super) line: u64,
}

/// Positions given to pictures, and the rows and pictures that stay without.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Assignment {
    /// The position of each picture, in their order.
    pub at: Vec<Option<LngLat>>,
    /// Rows that name no picture.
    pub unmatched: Named,
    /// Rows that name several pictures and are given to none.
    pub ambiguous: Named,
    /// Rows that give a picture another position than an other row; of equally good ones none is used.
    pub contradicting: Named,
}

impl Assignment {
    /// A sentence for each thing that did not go together.
    pub fn notes(&self) -> Vec<String> {
        let rows = |count| if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
        let sentence = |named: &Named, what: &str| {
            (named.count() > 0).then(|| format!("{} {what}: {named}", rows(named.count())))
        };
        let notes = [
            sentence(&self.unmatched, "of the table without a picture of that name"),
            sentence(&self.ambiguous, "of the table not used, as the name fits several pictures"),
            sentence(&self.contradicting, "of the table not used, as another row says otherwise"),
        ];
        notes.into_iter().flatten().collect()
    }
}

/// How names are compared, from the strictest on.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// Byte by byte.
    Exact,
    /// With letters and their accents composed.
    Composed,
    /// The same, without regard to case.
    CaseFolded,
    /// The same, where the table leaves out the extension.
    NoExtension,
}

impl Form {
    const ALL: [Self; 4] = [Self::Exact, Self::Composed, Self::CaseFolded, Self::NoExtension];

    fn of_row(self, name: &str) -> String {
        match self {
            Self::Exact => name.to_owned(),
            Self::Composed => name.nfc().collect(),
            // By way of capitals, so that ß is ss and all sigmas are one.
            Self::CaseFolded | Self::NoExtension => name.to_uppercase().to_lowercase().nfc().collect(),
        }
    }

    fn of_picture(self, path: &str) -> String {
        let file_name = path.rfind('/').map_or(0, |slash| slash + 1);
        let stem = path.rfind('.').filter(|dot| *dot > file_name).and_then(|dot| path.get(..dot));
        self.of_row(stem.filter(|_| matches!(self, Self::NoExtension)).unwrap_or(path))
    }
}

/// Which pictures a name fits: the first, and how many.
#[derive(Debug, Clone, Copy)]
struct Fit {
    first: usize,
    second: Option<usize>,
}

/// Pictures by their paths and by all ends of these, in one form.
struct Index<'a> {
    whole: HashMap<&'a str, Fit>,
    ends: HashMap<&'a str, Fit>,
}

impl<'a> Index<'a> {
    fn new(paths: &'a [String]) -> Self {
        let (mut whole, mut ends) = (HashMap::new(), HashMap::new());
        let add = |to: &mut HashMap<&'a str, Fit>, key, picture| {
            let fit = to.entry(key).or_insert(Fit { first: picture, second: None });
            if fit.first != picture {
                fit.second = fit.second.or(Some(picture));
            }
        };
        for (picture, path) in paths.iter().enumerate() {
            add(&mut whole, path.as_str(), picture);
            for end in ends_of(path) {
                add(&mut ends, end, picture);
            }
        }
        Self { whole, ends }
    }

    /// The best fit of a row's name and how good it is, 0 the best: the whole path; the end of a picture's path; a path
    /// that ends with a picture's.
    fn find(&self, name: &str) -> Option<(u8, Fit)> {
        if let Some(fit) = self.whole.get(name) {
            return Some((0, *fit));
        }
        if let Some(fit) = self.ends.get(name) {
            return Some((1, *fit));
        }
        ends_of(name).find_map(|end| self.whole.get(end)).map(|fit| (2, *fit))
    }
}

/// What is left of a path without its first folder, its first two, and so on.
fn ends_of(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').filter_map(|(slash, _)| path.get(slash + 1..)).filter(|end| !end.is_empty())
}

pub(super) fn assign(rows: &[NamedPosition], pictures: &[String]) -> Assignment {
    let mut assignment = Assignment { at: vec![None; pictures.len()], ..Assignment::default() };
    // Lines of the rows that decided on a picture, if only that it gets no position.
    let mut decided: Vec<Option<u64>> = vec![None; pictures.len()];
    let mut open: Vec<&NamedPosition> = rows.iter().collect();
    for form in Form::ALL {
        let paths: Vec<String> = pictures.iter().map(|path| form.of_picture(path)).collect();
        let index = Index::new(&paths);
        let mut claims: BTreeMap<(u8, usize), Vec<&NamedPosition>> = BTreeMap::new();
        open.retain(|row| {
            let Some((how_good, fit)) = index.find(&form.of_row(&row.name)) else { return true };
            if let Some(second) = fit.second {
                assignment.ambiguous.add(|| {
                    let names =
                        [fit.first, second].map(|n| pictures.get(n).map_or_else(String::new, |p| shown(p)));
                    format!("line {} ({}: {} and {})", row.line, shown(&row.name), names[0], names[1])
                });
            } else {
                claims.entry((how_good, fit.first)).or_default().push(row);
            }
            false
        });
        for ((_, picture), claims) in claims {
            settle(&mut assignment, &mut decided, picture, &claims);
        }
    }
    for row in open {
        assignment.unmatched.add(|| format!("line {} ({})", row.line, shown(&row.name)));
    }
    assignment
}

/// Gives a picture the position of the rows that name it, if these agree with each other and no better row is there.
fn settle(
    assignment: &mut Assignment,
    decided: &mut [Option<u64>],
    picture: usize,
    claims: &[&NamedPosition],
) {
    let (Some(at), Some(decided)) = (assignment.at.get_mut(picture), decided.get_mut(picture)) else {
        return;
    };
    let Some(first) = claims.first() else { return };
    let better = *decided;
    if better.is_none() {
        *decided = Some(first.line);
        *at = claims.iter().all(|row| row.at == first.at).then_some(first.at);
    }
    for row in claims.iter().filter(|row| Some(row.at) != *at) {
        assignment.contradicting.add(|| {
            let other = claims.iter().find(|other| other.at != row.at).map(|other| other.line);
            let other = better.or(other).unwrap_or(row.line);
            format!("line {} ({}, see line {other})", row.line, shown(&row.name))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures with the longitude that a table of names gives them (1 for its first row, and so on), and what is said.
    fn assigned(names: &[&str], pictures: &[&str]) -> (Vec<Option<f64>>, Vec<String>) {
        let row = |(line, name): (u32, &&str)| NamedPosition {
            name: (*name).to_owned(),
            at: LngLat::new(line.into(), 0.0).expect("a position"),
            line: line.into(),
        };
        let rows: Vec<NamedPosition> = (1..).zip(names).map(row).collect();
        let pictures: Vec<String> = pictures.iter().map(|path| (*path).to_owned()).collect();
        let assignment = assign(&rows, &pictures);
        (assignment.at.iter().map(|at| at.map(LngLat::lng)).collect(), assignment.notes())
    }

    #[test]
    fn names_are_compared_in_one_form_whatever_accents_case_and_extension() {
        let names = ["Straße Müller.jpg", "P0.JPG", "p1", "p2.jpg", "DJI.0001", "STRASSE.JPG"];
        let pictures =
            ["Straße Mu\u{308}ller.jpg", "p0.jpg", "p1.jpg", "p2.jpg", "dji.0001.jpg", "straße.jpg"];
        let (at, notes) = assigned(&names, &pictures);
        assert_eq!(at, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0].map(Some));
        assert_eq!(notes, Vec::<String>::new());
    }

    #[test]
    fn the_exact_name_is_better_than_one_in_another_form() {
        let (at, notes) = assigned(&["A.JPG", "a.jpg", "a"], &["a.jpg", "A.JPG", "A.jpg"]);
        assert_eq!(at, [Some(2.0), Some(1.0), None]);
        assert_eq!(
            notes,
            ["1 row of the table not used, as the name fits several pictures: \
                            line 3 (a: a.jpg and A.JPG)"]
        );
    }

    #[test]
    fn two_files_of_one_name_never_share_a_position() {
        let pictures = ["a/p.jpg", "b/p.jpg"];
        let (at, notes) = assigned(&["p.jpg"], &pictures);
        assert_eq!(at, [None, None]);
        assert_eq!(
            notes,
            ["1 row of the table not used, as the name fits several pictures: \
                            line 1 (p.jpg: a/p.jpg and b/p.jpg)"]
        );
        assert_eq!(assigned(&["b/p.jpg"], &pictures), (vec![None, Some(1.0)], vec![]));
        assert_eq!(assigned(&["b/p.jpg", "a/P.JPG"], &pictures), (vec![Some(2.0), Some(1.0)], vec![]));
        assert_eq!(assigned(&["B/P"], &pictures), (vec![None, Some(1.0)], vec![]));
        assert_eq!(assigned(&["c/p.jpg"], &pictures).0, [None, None]);
    }

    #[test]
    fn the_path_beats_the_file_name_and_folders_above_do_not_matter() {
        assert_eq!(assigned(&["p.jpg"], &["p.jpg", "a/p.jpg"]).0, [Some(1.0), None]);
        assert_eq!(assigned(&["C:/photos/a/p.jpg"], &["p.jpg", "a/p.jpg"]).0, [None, Some(1.0)]);
        assert_eq!(assigned(&["p.jpg"], &["2024/a/p.jpg"]).0, [Some(1.0)]);
        let (at, notes) = assigned(&["p.jpg", "a/p.jpg"], &["a/p.jpg"]);
        assert_eq!(at, [Some(2.0)]);
        assert_eq!(
            notes,
            ["1 row of the table not used, as another row says otherwise: line 1 (p.jpg, see line 2)"]
        );
    }

    #[test]
    fn rows_that_contradict_each_other_are_not_used_and_both_are_named() {
        let (at, notes) = assigned(&["p.jpg", "p.jpg", "P.jpg"], &["p.jpg"]);
        assert_eq!(at, [None]);
        assert_eq!(
            notes,
            ["3 rows of the table not used, as another row says otherwise: \
                            line 1 (p.jpg, see line 2), line 2 (p.jpg, see line 1), line 3 (P.jpg, see line 1)"]
        );
    }

    #[test]
    fn rows_that_match_no_picture_are_counted_and_the_first_are_named() {
        let names: Vec<String> = (0..9).map(|n| format!("x{n}.jpg")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (at, notes) = assigned(&names, &["x3.jpg", "y.jpg"]);
        assert_eq!(at, [Some(4.0), None]);
        let first = "line 1 (x0.jpg), line 2 (x1.jpg), line 3 (x2.jpg), line 5 (x4.jpg), line 6 (x5.jpg)";
        assert_eq!(
            notes,
            [format!("8 rows of the table without a picture of that name: {first} … and 3 more")]
        );
    }
}
