//! The content types of the files that a catalog and the app are made of.

/// What browsers are told when the extension says nothing; with `nosniff` they do not guess.
const UNKNOWN: &str = "application/octet-stream";

/// The content type of HTML, the only type that runs scripts.
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// The content type of a file called `name`.
pub(crate) fn media_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" => HTML,
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "geojson" => "application/geo+json",
        "webmanifest" => "application/manifest+json",
        "txt" | "md" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "xml" => "application/xml",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "gif" => "image/gif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "parquet" => "application/vnd.apache.parquet",
        "pmtiles" => "application/vnd.pmtiles",
        _ => UNKNOWN,
    }
}

/// Whether packing such content while it is sent pays: text does; pictures and quantized weights do not.
pub(crate) fn is_compressible(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.starts_with("text/")
        || essence.ends_with("json")
        || essence.ends_with("xml")
        || essence == "application/wasm"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_catalog_and_app_have_their_types() {
        assert_eq!(media_type("app-0123456789abcdef_bg.wasm"), "application/wasm");
        assert_eq!(media_type("text.0123456789abcdef.gguf"), "application/octet-stream");
        assert_eq!(media_type("app.webmanifest"), "application/manifest+json");
        assert_eq!(media_type("2.JPG"), "image/jpeg");
        assert_eq!(media_type("no_extension"), "application/octet-stream");
    }

    #[test]
    fn only_text_is_packed_while_it_is_sent() {
        for name in ["a.html", "a.js", "a.json", "a.svg", "a.wasm", "a.webmanifest", "a.txt"] {
            assert!(is_compressible(media_type(name)), "{name}");
        }
        for name in ["a.jpg", "a.png", "a.gguf", "a.bin", "a.woff2", "a.pmtiles"] {
            assert!(!is_compressible(media_type(name)), "{name}");
        }
    }
}
