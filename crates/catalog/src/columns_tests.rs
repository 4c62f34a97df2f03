//! What files of columns promise: every value comes back, unknown columns are passed over, nothing else is accepted.

use super::*;

const MAGIC: &[u8; 8] = b"CRSTEST3";

fn file() -> Vec<u8> {
    let mut writer = ColumnsWriter::new(4);
    writer.numbers("number", [0, 127, 128, u32::MAX]);
    writer.steps("signed", [i32::MIN, i32::MAX, 0, -5]);
    writer.numbers("of the future", [1, 2, 3, 4]);
    writer.texts("texts", ["", "été"].into_iter()).expect("short");
    writer.bytes("pairs", vec![1, 2, 3, 4, 5, 6, 7, 8]);
    writer.numbers_unless("usual", 1, &[1, 1, 1, 1]);
    writer.finish(MAGIC).expect("small")
}

#[test]
fn columns_survive_a_round_trip_and_a_reader_takes_what_it_knows() -> Result<(), CatalogError> {
    let bytes = file();
    let columns = Columns::read("test", MAGIC, &bytes)?;
    assert_eq!(columns.numbers("number")?, [0, 127, 128, u32::MAX]);
    assert_eq!(columns.steps("signed")?, [i32::MIN, i32::MAX, 0, -5]);
    let texts = columns.texts("texts")?;
    assert_eq!(texts.iter().collect::<Vec<_>>(), ["", "été"]);
    assert_eq!((texts.get(1), texts.get(2)), (Some("été"), None));
    assert_eq!(columns.bytes::<2>("pairs")?, [[1, 2], [3, 4], [5, 6], [7, 8]]);
    assert!(columns.numbers_or_none("usual")?.is_empty());
    let missing = columns.numbers("usual").expect_err("missing").to_string();
    assert_eq!(missing, "test: column usual is missing");
    Ok(())
}

#[test]
fn a_number_is_written_as_documented() {
    let mut bytes = Vec::new();
    [0, 127, 128, 300].into_iter().for_each(|number| put(number, &mut bytes));
    assert_eq!(bytes, [0, 0x7f, 0x80, 1, 0xac, 2]);
    for long in [&[0xff, 0xff, 0xff, 0xff, 0x10][..], &[0x80; 6], &[0x80], &[]] {
        assert_eq!(take(&mut &long[..]), None, "{long:?}");
    }
}

#[test]
fn another_version_is_called_that_and_other_bytes_are_no_such_file() {
    let mut bytes = file();
    bytes[7] = b'2';
    let error = Columns::read("test", MAGIC, &bytes).err().expect("refused").to_string();
    assert!(error.starts_with("test: written in format 2, but this version reads format 3"), "{error}");
    bytes[0] = b'X';
    let error = Columns::read("test", MAGIC, &bytes).err().expect("refused").to_string();
    assert_eq!(error, "test: no test file of this version");
}

#[test]
fn columns_of_one_name_and_more_columns_than_any_file_has_are_refused() {
    let mut writer = ColumnsWriter::new(1);
    writer.numbers("number", [1]);
    writer.numbers("number", [2]);
    let error = Columns::read("test", MAGIC, &writer.finish(MAGIC).expect("small")).err().expect("refused");
    assert_eq!(error.to_string(), "test: column \"number\" is there twice");
    let mut many = MAGIC.to_vec();
    put(0, &mut many);
    put(257, &mut many);
    many.extend([0; 2 * 257]);
    let error = Columns::read("test", MAGIC, &many).err().expect("refused");
    assert_eq!(error.to_string(), "test: 257 columns, at most 256 are possible");
}

#[test]
fn any_cut_is_an_error_and_rows_that_are_not_there_take_no_memory() {
    let bytes = file();
    for length in 0..bytes.len() {
        assert!(Columns::read("test", MAGIC, &bytes[..length]).is_err(), "cut to {length} bytes");
    }
    let mut many = MAGIC.to_vec();
    put(u32::MAX, &mut many);
    put(1, &mut many);
    many.extend([1, b'a', 2, 0, 0]);
    let columns = Columns::read("test", MAGIC, &many).expect("a frame");
    assert_eq!(columns.rows(), u32::MAX as usize);
    assert!(columns.numbers("a").is_err() && columns.texts("a").is_err());
}
