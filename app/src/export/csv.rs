//! Tables of comma-separated values (RFC 4180): hits as rows, and the reader that marks come in by.

use super::{Cell, rounded, texts};
use crate::protocol::Hit;

/// What begins a formula for a table program, or hides that one begins
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// Hits as a table.
pub fn write(hits: &[Hit]) -> String {
    let mut rows = vec!["rank,id,longitude,latitude,mark,place,address,captured,source".to_owned()];
    for (rank, hit) in (1..).zip(hits) {
        let centre = hit.footprint.map(|footprint| footprint.centre());
        let degrees = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.6}"));
        let mut cells = vec![
            format!("{rank}"),
            quoted(&hit.id),
            degrees(centre.map(|at| at.lng())),
            degrees(centre.map(|at| at.lat())),
            format!("{}", rounded(hit.similarity)),
        ];
        cells.extend(texts(hit).map(|(_, text)| quoted(text.unwrap_or_default())));
        rows.push(cells.join(","));
    }
    table(rows)
}

/// Cells of a layer as a table.
pub fn write_cells(cells: &[Cell]) -> String {
    let row = |Cell { bounds, mark }: &Cell| {
        let centre = bounds.centre();
        let edges = <[f64; 4]>::from(*bounds).map(|degrees| format!("{degrees:.6}")).join(",");
        format!("{:.6},{:.6},{},{edges}", centre.lng(), centre.lat(), rounded(*mark))
    };
    let header = "longitude,latitude,mark,west,south,east,north".to_owned();
    table(std::iter::once(header).chain(cells.iter().map(row)).collect())
}

/// The text of a table of these rows.
pub fn table(mut rows: Vec<String>) -> String {
    rows.push(String::new());
    rows.join("\r\n")
}

/// A cell of a table: in quotes where it needs them. What a table program would take for a formula is made text by an
/// apostrophe; [`unguarded`] takes it away again.
pub fn quoted(text: &str) -> String {
    let text = if guarded(text) { format!("'{text}") } else { text.to_owned() };
    let special = [',', ';', '"', '\r', '\n'];
    if text.contains(special) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// The text that a cell was made of.
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| guarded(text)).unwrap_or(cell)
}

/// Whether a text gets an apostrophe. One that has some before a formula gets another, so that each can be undone.
fn guarded(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

/// Reads a table row by row; each row is its cells, or why it is none. Rows end in any of the three usual ways; an empty
/// line is a row of one empty cell.
pub struct Rows<'a> {
    rest: &'a str,
    separator: char,
}

impl<'a> Rows<'a> {
    /// The rows of `text`, with or without a byte order mark. Cells are separated by whichever of comma, semicolon and tab
    /// the first line has most of.
    pub fn new(text: &'a str) -> Self {
        let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        let header = rest.split(['\r', '\n']).next().unwrap_or_default();
        let count = |separator: &char| header.matches(*separator).count();
        // Of several the last of the most: the comma.
        let separator = ['\t', ';', ','].into_iter().max_by_key(count).unwrap_or(',');
        Self { rest, separator }
    }

    /// Takes one cell from `rest` and says whether it was the row's last.
    fn cell(&mut self) -> Result<(String, bool), &'static str> {
        let mut cell = String::new();
        let mut inner = self.rest;
        if let Some(mut open) = inner.strip_prefix('"') {
            loop {
                let Some((part, after)) = open.split_once('"') else {
                    self.rest = "";
                    return Err("a quotation mark is not closed");
                };
                cell.push_str(part);
                let Some(more) = after.strip_prefix('"') else {
                    inner = after;
                    break;
                };
                cell.push('"');
                open = more;
            }
        }
        let quoted = inner.len() < self.rest.len();
        let end = inner.find([self.separator, '\r', '\n']).unwrap_or(inner.len());
        let (plain, rest) = inner.split_at(end);
        let fault = quoted && !plain.trim().is_empty();
        if !quoted {
            cell.push_str(plain);
        }
        let (rest, last) = match rest.strip_prefix(self.separator) {
            Some(rest) => (rest, false),
            None => (rest.strip_prefix("\r\n").or(rest.strip_prefix(['\r', '\n'])).unwrap_or(rest), true),
        };
        self.rest = rest;
        if fault && !last {
            self.skip();
        }
        if fault { Err("a quotation mark within a cell") } else { Ok((cell, last)) }
    }

    /// Leaves the rest of a row out.
    fn skip(&mut self) {
        let end = self.rest.find(['\r', '\n']).unwrap_or(self.rest.len());
        let rest = self.rest.get(end..).unwrap_or_default();
        self.rest = rest.strip_prefix("\r\n").or(rest.strip_prefix(['\r', '\n'])).unwrap_or(rest);
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Vec<String>, &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        /// More cells of a row are not kept: nothing here needs them.
        const MOST_CELLS: usize = 64;
        if self.rest.is_empty() {
            return None;
        }
        let mut cells = Vec::new();
        loop {
            match self.cell() {
                Err(fault) => return Some(Err(fault)),
                Ok((cell, last)) => {
                    if cells.len() < MOST_CELLS {
                        cells.push(cell);
                    }
                    if last {
                        return Some(Ok(cells));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::{bounds, hit};
    use super::*;

    fn rows(text: &str) -> Vec<Result<Vec<String>, &'static str>> {
        Rows::new(text).collect()
    }

    fn cells(cells: &[&str]) -> Result<Vec<String>, &'static str> {
        Ok(cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn a_table_quotes_what_needs_it_and_has_no_formulas() {
        let hits = [hit("=1+1", bounds(-77.5, 38.5, -77.25, 38.75)), hit("b.jpg", None)];
        let table = write(&hits);
        let rows: Vec<&str> = table.split("\r\n").collect();
        assert_eq!(rows[0], "rank,id,longitude,latitude,mark,place,address,captured,source");
        assert_eq!(rows[1], "1,'=1+1,-77.375000,38.625000,0.912,\"Leesburg, \"\"the\"\" Town\",,2020-06-01,");
        assert_eq!(rows[2], "2,b.jpg,,,0.912,\"Leesburg, \"\"the\"\" Town\",,2020-06-01,");
        assert_eq!(rows[3..], [""]);
    }

    #[test]
    fn a_formula_is_no_formula_even_behind_a_tab_or_a_line_break() {
        for text in ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "'=1", "''=1"] {
            let row = quoted(text);
            let read = rows(&format!("a,b\r\n{row},x\r\n"));
            let cell = &read[1].as_ref().expect("a row")[0];
            assert_eq!(cell, &format!("'{text}"), "{row}");
            assert_eq!(unguarded(cell), text);
        }
        for text in ["a=1", "'", "'a", "", "a\tb"] {
            assert_eq!(quoted(text), text);
            assert_eq!(unguarded(text), text);
        }
    }

    #[test]
    fn tables_of_other_programs_are_read() {
        let expected = [cells(&["id", "label"]), cells(&["a", "yes"]), cells(&["b, \"c\"", "no"])];
        for text in [
            "id,label\na,yes\n\"b, \"\"c\"\"\",no",
            "\u{feff}id;label\r\na;yes\r\n\"b, \"\"c\"\"\";no\r\n",
            "id\tlabel\ra\tyes\rb, \"c\"\tno\r",
            "\"id\",\"label\"\r\n\"a\" ,\"yes\"\r\n\"b, \"\"c\"\"\",\"no\"\r\n",
        ] {
            assert_eq!(rows(text), expected, "{text}");
        }
        assert_eq!(rows("a,b\n\n\"x\r\ny\",\n"), [cells(&["a", "b"]), cells(&[""]), cells(&["x\r\ny", ""])]);
        assert_eq!(rows(""), []);
    }

    #[test]
    fn a_broken_row_is_told_and_the_next_one_read() {
        let read = rows("a,b\n\"x\"y,z\nc,d\n\"open,e\nf,g\n");
        assert_eq!(read[1], Err("a quotation mark within a cell"));
        assert_eq!(read[2], cells(&["c", "d"]));
        assert_eq!(read[3], Err("a quotation mark is not closed"));
        assert_eq!(read.len(), 4, "what an open mark swallows cannot be told apart");
    }
}
