//! Positions of pictures from a table with the columns name, longitude and latitude.

use std::collections::HashMap;
use std::path::Path;

use clip_rs_catalog::LngLat;

use super::table::Table;
use clip_rs_stage::StageError;

/// Where each named picture was taken.
#[derive(Debug, Default)]
pub struct Positions {
    by_name: HashMap<String, LngLat>,
}

impl Positions {
    /// Reads a table; rows without numbers are skipped, rows with wrong ones are errors that name the line.
    pub fn read(path: &Path) -> Result<Self, StageError> {
        let table = Table::read(path)?;
        let name = table.need(&["name", "filename", "file", "file_name", "image", "picture", "path"])?;
        let columns = table.position_columns()?;
        let mut by_name = HashMap::new();
        for row in table.rows() {
            let Some(at) = row.position(columns)? else { continue };
            let key = row.text(name).replace('\\', "/");
            let key = key.trim_start_matches("./");
            if key.is_empty() {
                return Err(row.refuse("no name".to_owned()));
            }
            if by_name.insert(key.to_owned(), at).is_some_and(|former| former != at) {
                return Err(row.refuse(format!("{key} has another position further up")));
            }
        }
        Ok(Self { by_name })
    }

    /// The position of the picture at `path` (relative to its folder): by the whole path, or by the file name.
    pub fn get(&self, path: &str) -> Option<LngLat> {
        let file_name = path.rsplit('/').next().unwrap_or(path);
        self.by_name.get(path).or_else(|| self.by_name.get(file_name)).copied()
    }

    /// Number of pictures with a position.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether no picture has a position.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Positions, String> {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        std::fs::write(file.path(), text).expect("write");
        Positions::read(file.path())
            .map_err(|error| error.to_string().replace(&*file.path().to_string_lossy(), "table.csv"))
    }

    #[test]
    fn tables_of_many_makes_are_read() {
        for text in [
            "name,longitude,latitude\na b.jpg,-77.5,38.8\n",
            "\u{feff}Latitude;Longitude;Name\r\n38,8;-77,5;\"a b.jpg\"\r\n",
            "lat\tlon\tfilename\n\n38.8\t-77.5\t./a b.jpg\n",
            "\"File\" , \"Lng\" , \"Lat\"\n\"a b.jpg\" , -77.5 , 38.8",
            "image,notes,x,y\na b.jpg,\"two\nlines, with commas; and \"\"quotes\"\"\",-77.5,38.8\nnowhere.jpg,,,\n",
        ] {
            let table = read(text).unwrap_or_else(|error| panic!("{error} in {text:?}"));
            assert_eq!(table.len(), 1, "{text:?}");
            assert_eq!(table.get("a b.jpg"), LngLat::new(-77.5, 38.8).ok(), "{text:?}");
            assert_eq!(table.get("folder/a b.jpg"), LngLat::new(-77.5, 38.8).ok(), "{text:?}");
            assert_eq!(table.get("b.jpg"), None);
        }
    }

    #[test]
    fn a_row_that_cannot_be_used_is_named_by_its_line() {
        for (text, expected) in [
            ("", "table.csv, line 1: no column called name"),
            ("a.jpg,-77.5,38.8\n", "table.csv, line 1: no column called name"),
            ("name,lng\na.jpg,1\n", "table.csv, line 1: no column called latitude, lat, y"),
            ("name,lng,lat\na.jpg,1,2\nb.jpg,1\n", "table.csv, line 3: 2 columns, the header has 3"),
            ("name,lng,lat\na.jpg,1,2\nb.jpg,east,2\n", "table.csv, line 3: \"east\" is not a number"),
            ("name,lng,lat\na.jpg,1,\n", "table.csv, line 2: \"\" is not a number"),
            ("name,lng,lat\n\n\na.jpg,1,91\n", "table.csv, line 4: latitude is 91"),
            ("name,lng,lat\na.jpg,NaN,1\n", "table.csv, line 2: longitude is NaN"),
            ("name,lng,lat\na.jpg,1,inf\n", "table.csv, line 2: latitude is inf"),
            ("name,lng,lat\n,1,2\n", "table.csv, line 2: no name"),
            ("name,lng,lat\na.jpg,1,2\na.jpg,1,3\n", "table.csv, line 3: a.jpg has another position"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn text_in_another_encoding_is_refused_by_name() {
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        for (bytes, expected) in [
            (&b"name,lng,lat\nM\xfcnchen.jpg,11.5,48.1\n"[..], "line 2: not UTF-8 text"),
            (&b"\xff\xfen\0a\0"[..], "UTF-16 text; save it as UTF-8"),
        ] {
            std::fs::write(file.path(), bytes).expect("write");
            let error = Positions::read(file.path()).expect_err("refused").to_string();
            assert!(error.ends_with(expected), "{error}");
        }
    }
}
