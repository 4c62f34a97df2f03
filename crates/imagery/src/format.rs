//! Kinds of pictures, by the name of a file and by what it begins with.

use std::path::Path;

/// Extensions of pictures that sources hand out, in lower case; the decoder says which of them it reads.
pub const PICTURES: [&str; 5] = ["jpg", "jpeg", "png", "webp", "avif"];

/// Files that go with pictures or tiles and are neither: they are not counted among what was not read.
const COMPANIONS: [&str; 13] = [
    "jgw",
    "jpgw",
    "jpegw",
    "pgw",
    "pngw",
    "wld",
    "tfw",
    "tifw",
    "prj",
    "xml",
    "sample.json",
    "metadata.json",
    "tilejson.json",
];

/// The extension in lower case; empty when there is none.
pub(crate) fn extension(path: &Path) -> String {
    path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase()
}

/// The extension of a picture as it is in the name, if it is one.
pub(crate) fn picture_extension(path: &Path) -> Option<String> {
    let extension = extension(path);
    PICTURES.contains(&extension.as_str()).then_some(extension)
}

/// Whether a name is one of a file that only says something about others.
pub(crate) fn is_companion(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    COMPANIONS.contains(&extension(path).as_str()) || COMPANIONS.contains(&name.as_str())
}

/// The kind of a file for a person to read: `.tif`, or `without an ending`.
pub(crate) fn kind(path: &Path) -> String {
    match extension(path).as_str() {
        "" => "without an ending".to_owned(),
        extension => format!(".{extension}"),
    }
}

/// The extension that suits encoded bytes (`jpg`, `png`, `webp`, `avif`); none when they are no picture.
pub fn sniff(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("jpg"),
        [0x89, b'P', b'N', b'G', ..] => Some("png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("webp"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f' | b's', ..] => Some("avif"),
        _ => None,
    }
}
