//! Positions of pictures from a table with the columns name, longitude and latitude.

use std::path::Path;

use clip_rs_stage::StageError;

use super::assignment::{self, Assignment, NamedPosition};
use super::degrees::is_blank;
use super::report::{RowFault, TableReport};
use super::source;
use super::table::Table;

const NAMES: [&str; 11] = [
    "name",
    "filename",
    "file",
    "image",
    "picture",
    "path",
    "imagename",
    "filepath",
    "sourcefile",
    "photo",
    "label",
];

/// Where each named picture was taken.
#[derive(Debug, Default)]
pub struct Positions {
    rows: Vec<NamedPosition>,
}

impl Positions {
    /// Reads a table. Rows that cannot be used are in the report; an error if that is all of them.
    pub fn read(path: &Path) -> Result<(Self, TableReport), StageError> {
        let mut table = Table::new(path, source::open(path)?)?;
        let name_column = table.need(&NAMES)?;
        let columns = table.position_columns()?;
        let mut report = TableReport::default();
        let (mut rows, mut swapped) = (Vec::new(), false);
        while let Some(row) = table.next(&mut report)? {
            let name = path_of(row.text(name_column));
            if is_blank(&name) {
                report.leave_out(row.line, None, &RowFault::NoName);
                continue;
            }
            match row.position(columns) {
                Ok(at) => rows.push(NamedPosition { name, at, line: row.line }),
                Err(fault) => {
                    swapped |= matches!(fault, RowFault::Swapped { .. });
                    report.leave_out(row.line, Some(&name), &fault);
                }
            }
        }
        if rows.is_empty() {
            let mut why = report.notes();
            why.insert(0, "no row gives a position".to_owned());
            return Err(StageError::content(path, why.join("; ")));
        }
        report.used = rows.len() as u64;
        report.suspicion = suspicion(&rows, swapped);
        Ok((Self { rows }, report))
    }

    /// Gives positions to pictures, which are paths with `/` relative to their folder: to each that one row names and
    /// that this row names alone. The full path is better than its end or the file name; the exact name is better than
    /// one with accents in another form, in another case, or without its extension.
    pub fn assign(&self, pictures: &[String]) -> Assignment {
        assignment::assign(&self.rows, pictures)
    }

    /// Number of rows with a name and a position.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no such row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// What speaks for columns of longitude and latitude that have changed places, in rows that are possible as they are;
/// `swapped` if there are rows that are not.
fn suspicion(rows: &[NamedPosition], swapped: bool) -> Option<&'static str> {
    if rows.iter().any(|row| row.at.lng().abs() > 90.0) {
        return None;
    }
    if rows.iter().all(|row| row.at.lat() < -60.0) {
        Some("all positions are in Antarctica; have the columns of longitude and latitude changed places?")
    } else if swapped {
        Some(
            "the rows that are used would be possible with longitude and latitude exchanged, too: are they right?",
        )
    } else {
        None
    }
}

/// A name from a table as a path: with `/` between folders, without `./` or a root before it.
fn path_of(name: &str) -> String {
    let name = name.replace('\\', "/");
    name.trim_start_matches("./").trim_start_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use clip_rs_catalog::LngLat;

    use super::*;

    fn read_bytes(content: &[u8]) -> Result<(Positions, TableReport), String> {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        std::fs::write(file.path(), content).expect("write");
        Positions::read(file.path())
            .map_err(|error| error.to_string().replace(&*file.path().to_string_lossy(), "table.csv"))
    }

    fn read(text: &str) -> Result<(Positions, TableReport), String> {
        read_bytes(text.as_bytes())
    }

    fn utf_16(text: &str, of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(of).collect()
    }

    #[test]
    fn tables_of_many_makes_are_read() {
        let plain = "name,longitude,latitude\na b.jpg,-77.5,38.8\n";
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, plain.as_bytes()).expect("in memory");
        let mut tables: Vec<Vec<u8>> = [
            plain,
            "\u{feff}Latitude;Longitude;Name\r\n38,8;-77,5;\"a b.jpg\"\r\n",
            "lat\tlon\tfilename\n\n38.8\t-77.5\t./a b.jpg\n",
            "\"File\" , \"Lng\" , \"Lat\"\n\"a b.jpg\" , -77.5 , 38.8",
            "image,notes,x,y\na b.jpg,\"two\nlines, with commas; and \"\"quotes\"\"\",-77.5,38.8\nnowhere.jpg,,,\n",
            "sep=;\nname;longitude;latitude\na b.jpg;-77,5;38,8\n",
            "\u{feff}sep=\t\r\nname\tlongitude\tlatitude\r\na b.jpg\t-77.5\t38.8\r\n",
            "name,longitude,latitude\ra b.jpg,-77.5,38.8\r",
            "name,longitude,latitude\na b.jpg,-77.5,38.8,,\n",
            "name,longitude,latitude,,\na b.jpg,-77.5,38.8\n",
            "name,longitude,latitude,notes,camera\na b.jpg,-77.5,38.8\n",
            "name,longitude,latitude\na b.jpg,\"-77,5\",\"38,8\"\n",
            "File Name|GPS Longitude|GPS Latitude\na b.jpg|77.5 W|38.8 N\n",
            "x,y,name,Longitude,Latitude\n482311.2,4316020.1,a b.jpg,-77.5,38.8\n",
        ]
        .map(|text| text.as_bytes().to_vec())
        .into();
        tables.extend([utf_16(plain, u16::to_le_bytes), utf_16(plain, u16::to_be_bytes)]);
        tables.push(packed.finish().expect("in memory"));
        for content in tables {
            let text = String::from_utf8_lossy(&content);
            let (table, _) = read_bytes(&content).unwrap_or_else(|error| panic!("{error} in {text:?}"));
            assert_eq!(table.len(), 1, "{text:?}");
            let pictures = ["a b.jpg", "b.jpg"].map(str::to_owned);
            assert_eq!(table.assign(&pictures).at, [LngLat::new(-77.5, 38.8).ok(), None], "{text:?}");
        }
    }

    #[test]
    fn rows_that_cannot_be_used_are_left_out_by_line_and_name() {
        for (row, expected) in [
            ("b.jpg,,38.8", "1 row without a position is left out: line 3 (b.jpg)"),
            ("b.jpg,NA,NA", "1 row without a position is left out: line 3 (b.jpg)"),
            ("\n\nb.jpg,null", "1 row without a position is left out: line 5 (b.jpg)"),
            (",1,2", "1 row without a name is left out: line 3"),
            (
                "b.jpg,0,0.000",
                "1 row at longitude 0, latitude 0 is left out: line 3 (b.jpg); devices that know no position write that",
            ),
            (
                "b.jpg,38.8,-122.4",
                "1 row with a latitude that can only be a longitude is left out: \
                 line 3 (b.jpg: longitude 38.8, latitude -122.4); \
                 have the columns of longitude and latitude changed places?",
            ),
            (
                "b.jpg,482311.2,4316020.1",
                "1 row with numbers too large for degrees is left out: line 3 (b.jpg: 482311.2, 4316020.1); \
                 these are projected coordinates: convert them to longitude and latitude (WGS 84)",
            ),
            (
                "b.jpg,200,38.8",
                "1 row with degrees out of range is left out: \
                 line 3 (b.jpg: longitude is 200, expected degrees from -180 to 180)",
            ),
            (
                "b.jpg,east,2",
                "1 row whose position is no number is left out: \
                 line 3 (b.jpg: \"east\" is not a number of degrees)",
            ),
            (
                "b.jpg,1,2,3",
                "1 row with more cells than the header is left out: line 3 (4 cells, the header has 3)",
            ),
            ("\"b.jpg,1,2", "1 row with a quotation mark that nothing closes is left out: line 3"),
        ] {
            let text = format!("name,lng,lat\na.jpg,1,2\n{row}\nc.jpg,130,4\n");
            let (table, report) = read(&text).unwrap_or_else(|error| panic!("{error} in {text:?}"));
            assert_eq!(report.notes(), [expected], "{text:?}");
            assert_eq!((table.len(), report.used, report.left_out()), (2, 2, 1), "{text:?}");
        }
    }

    #[test]
    fn columns_that_may_have_changed_places_are_suspected_aloud() {
        let notes = |rows: &str| {
            let (_, report) = read(&format!("name,lng,lat\n{rows}")).expect("a usable row");
            report.notes().join("\n")
        };
        assert!(notes("a.jpg,38.8,-77.5\nb.jpg,38.9,-77.4\n").contains("Antarctica; have the columns"));
        assert_eq!(notes("a.jpg,-77.5,38.8\nb.jpg,38.9,-77.4\n"), "");
        assert_eq!(notes("a.jpg,166.7,-77.8\n"), "", "that can only be Antarctica");
        assert!(notes("a.jpg,48.1,11.5\nb.jpg,37.8,-122.4\n").contains("exchanged, too: are they right?"));
        assert!(!notes("a.jpg,-122.3,37.9\nb.jpg,37.8,-122.4\n").contains("exchanged"));
    }

    #[test]
    fn long_lists_of_rows_are_cut_and_counted() {
        let rows: String = (0..17).map(|n| format!("{n}.jpg,,\n")).collect();
        let (_, report) = read(&format!("name,lng,lat\na.jpg,1,2\n{rows}")).expect("one row is fine");
        let names = (0..5).map(|n| format!("line {} ({n}.jpg)", n + 3)).collect::<Vec<_>>().join(", ");
        assert_eq!(
            report.notes(),
            [format!("17 rows without a position are left out: {names} … and 12 more")]
        );
    }

    #[test]
    fn a_table_without_a_single_position_is_refused_with_the_reason() {
        for (text, expected) in [
            ("", "table.csv, line 1: no column called name"),
            ("a.jpg,-77.5,38.8\n", "table.csv, line 1: no column called name"),
            ("name,lng\na.jpg,1\n", "table.csv, line 1: no column called latitude, lat, y"),
            ("name,lat\na.jpg,1\n", "table.csv, line 1: no column called longitude, lng, lon, x"),
            ("name,lng,lat\n", "table.csv: no row gives a position"),
            ("name,lng,lat\na.jpg,,\n", "table.csv: no row gives a position; 1 row without a position"),
            (
                "name,longitude,latitude\na.jpg,38.8,-122.4\n",
                "table.csv: no row gives a position; 1 row with a latitude that can only be a longitude is left out: \
                 line 2 (a.jpg: longitude 38.8, latitude -122.4); have the columns of longitude and latitude",
            ),
            ("PK\u{3}\u{4}xl/worksheets", "table.csv: an archive or a spreadsheet"),
            ("n\0a\0m\0e\0", "table.csv: no text; save the table as CSV in UTF-8"),
        ] {
            let error = read(text).map(|(table, _)| table.len()).expect_err(text);
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn what_is_not_utf_8_is_named_by_its_line() {
        let (table, report) =
            read_bytes(b"name,lng,lat\na.jpg,1,2\nM\xfcnchen.jpg,11.5,48.1\n").expect("one row is fine");
        assert_eq!(table.len(), 1);
        let expected = "1 row in another encoding than UTF-8 is left out: line 3; save the table as UTF-8";
        assert_eq!(report.notes(), [expected]);
    }

    #[test]
    fn a_quotation_mark_that_nothing_closes_spoils_its_own_row_only() {
        let rows: String = (0..500).map(|n| format!("{n}.jpg,1,2\n")).collect();
        let (table, report) = read(&format!("name,lng,lat\n\"a.jpg,1,2\n{rows}")).expect("500 rows are fine");
        assert_eq!((table.len(), report.left_out()), (500, 1));
    }

    #[test]
    fn a_line_without_an_end_is_left_out_and_takes_no_more_memory_than_it_may() {
        let long = "x".repeat(3 << 20);
        let (table, report) = read(&format!("name,lng,lat\n{long}\na.jpg,1,2\n")).expect("one row is fine");
        assert_eq!(table.len(), 1);
        assert_eq!(report.notes(), ["1 row longer than a row can be is left out: line 2"]);
    }
}
