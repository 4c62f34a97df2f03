//! Blob URLs: bytes that were checked become something an `<img>` can show.

use js_sys::{Array, Uint8Array};
use web_sys::{Blob, BlobPropertyBag, Url};

use super::reason;

/// A URL for `bytes` of this media type; it holds the bytes until [`revoke`] is called.
pub fn url(bytes: &[u8], media_type: &str) -> Result<String, String> {
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options);
    blob.and_then(|blob| Url::create_object_url_with_blob(&blob)).map_err(|thrown| reason(&thrown))
}

/// Lets go of the bytes behind `url`. Pictures that already show them keep showing them.
pub fn revoke(url: &str) {
    // Revoking a URL that is none does nothing; the call itself has no way to fail.
    let _never_fails = Url::revoke_object_url(url);
}
