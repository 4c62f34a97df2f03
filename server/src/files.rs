//! Sends one file with everything a cache wants to know about it.
//!
//! `Vary`, `ETag`, `Cache-Control` and the rest are the same whether the whole file is sent, a part, or the word that
//! it has not changed. Times of change are not sent: they can lie, and tags say all.

use std::io::{self, Seek as _, SeekFrom};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use crate::{
    conditions::{Wanted, wanted},
    content_policy,
    folder::{Folder, Found},
    media_type::{HTML, media_type},
    negotiation::Accepted,
    packing::Packer,
    recall::Recallable,
    refusal::Refusal,
    representation::{Content, Representation},
    request_path::RequestPath,
};

/// Bytes that are read of a file at a time.
const PIECE: usize = 64 * 1024;

/// How long caches may keep a file without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// What the name stands for never changes.
    ForEver,
    /// It may be replaced at any moment.
    Revalidate,
}

/// A file as it was when the request came.
struct Sendable {
    media_type: &'static str,
    representation: Representation,
    /// The policy of a page.
    policy: Option<HeaderValue>,
    /// Set when the answer is the same for all requests and may be kept in memory.
    recallable: Option<Recallable>,
}

/// Answers `request` (a GET or HEAD) for `path` with a file in `folder`. `resolve` says, where blocking does no harm,
/// which file is meant and how long it may be kept.
pub(crate) async fn send(
    folder: &Folder,
    path: RequestPath,
    request: &Parts,
    packer: &Packer,
    resolve: impl FnOnce(RequestPath) -> (RequestPath, Keep) + Send + 'static,
) -> Result<Response, Refusal> {
    let (folder, packer) = (folder.clone(), packer.clone());
    let accepted = Accepted::from_headers(&request.headers);
    let looked_up = tokio::task::spawn_blocking(move || {
        let (path, keep) = resolve(path);
        let found = folder.find(&path).ok_or(Refusal::NotFound)?;
        look_up(&found, &path, accepted, &packer, keep).map(|file| (file, keep))
    });
    let (file, keep) = looked_up.await.map_err(|_| Refusal::Unreadable)??;
    answer(file, keep, request).await
}

/// Answers `request` with `bytes` that lie in no file, as if they did.
pub(crate) async fn send_bytes(
    bytes: Bytes,
    media_type: &'static str,
    request: &Parts,
) -> Result<Response, Refusal> {
    let representation = Representation::of_bytes(bytes).map_err(Refusal::of)?;
    let file = Sendable { media_type, representation, policy: None, recallable: None };
    answer(file, Keep::Revalidate, request).await
}

/// Answers `request` for `name`, a file of the app, with `bytes` that were made for it, packed if that suits. `policy` is that of
/// a page.
pub(crate) async fn send_made(
    bytes: Bytes,
    name: &str,
    policy: Option<HeaderValue>,
    request: &Parts,
    packer: &Packer,
) -> Result<Response, Refusal> {
    let (media_type, accepted) = (media_type(name), Accepted::from_headers(&request.headers));
    let packer = packer.clone();
    let chosen = tokio::task::spawn_blocking(move || Representation::choose_made(bytes, accepted, &packer));
    let representation = chosen.await.map_err(|_| Refusal::Unreadable)??;
    send_stored(representation, media_type, policy, Keep::Revalidate, request).await
}

/// Answers `request` with what is stored in the program, as if it lay in a file. `policy` is that of a page.
pub(crate) async fn send_stored(
    representation: Representation,
    media_type: &'static str,
    policy: Option<HeaderValue>,
    keep: Keep,
    request: &Parts,
) -> Result<Response, Refusal> {
    let file = Sendable { media_type, representation, policy, recallable: None };
    answer(file, keep, request).await
}

fn look_up(
    found: &Found,
    path: &RequestPath,
    accepted: Accepted,
    packer: &Packer,
    keep: Keep,
) -> Result<Sendable, Refusal> {
    let media_type = media_type(path.file_name());
    // A look at its state comes before the file is read; see `recall`.
    let recallable = match keep {
        Keep::ForEver => Recallable::new(found.asked_for().to_path_buf()).map_err(Refusal::of)?,
        Keep::Revalidate => None,
    };
    let policy = if media_type == HTML {
        Some(content_policy::of_page(found.path()).map_err(Refusal::of)?)
    } else {
        None
    };
    let representation = Representation::choose(found, media_type, accepted, packer)?;
    let recallable = recallable.filter(|_| !representation.is_negotiated);
    Ok(Sendable { media_type, representation, policy, recallable })
}

async fn answer(file: Sendable, keep: Keep, request: &Parts) -> Result<Response, Refusal> {
    let Representation { content, length, etag, coding, is_negotiated } = file.representation;
    let (status, part) = match wanted(&request.method, &request.headers, &etag, length) {
        Wanted::Whole => (StatusCode::OK, Some(0..length)),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, Some(*range.start()..range.end() + 1)),
        Wanted::NotModified => (StatusCode::NOT_MODIFIED, None),
        Wanted::OtherVersion => return Err(Refusal::OtherVersion),
        Wanted::OutOfRange => return Err(Refusal::OutOfRange(length)),
    };
    let mut response = match &part {
        Some(part) if request.method != Method::HEAD => {
            body(content, part.clone()).map_err(Refusal::of)?.into_response()
        }
        _ => Body::empty().into_response(),
    };
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Some(part) = part {
        headers.insert(header::CONTENT_LENGTH, (part.end - part.start).into());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type));
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if let Some(name) = coding.name() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        if status == StatusCode::PARTIAL_CONTENT {
            let said = format!("bytes {}-{}/{length}", part.start, part.end - 1);
            headers
                .insert(header::CONTENT_RANGE, HeaderValue::try_from(said).map_err(|_| Refusal::Unreadable)?);
        }
    }
    describe(headers, keep, etag, is_negotiated);
    if let Some(policy) = file.policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if let Some(recallable) = file.recallable {
        response.extensions_mut().insert(recallable);
    }
    Ok(response)
}

/// What 200, 206 and 304 have in common.
fn describe(headers: &mut HeaderMap, keep: Keep, etag: HeaderValue, is_negotiated: bool) {
    headers.insert(header::ETAG, etag);
    let control = match keep {
        Keep::ForEver => "max-age=31536000, immutable",
        Keep::Revalidate => "no-cache",
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(control));
    if is_negotiated {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
}

/// The bytes `part` of `content`.
fn body(content: Content, part: std::ops::Range<u64>) -> io::Result<Body> {
    match content {
        Content::Bytes(bytes) => {
            let at = |offset| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            Ok(Body::from(bytes.slice(at(part.start)..at(part.end))))
        }
        Content::File(mut file) => {
            file.seek(SeekFrom::Start(part.start))?;
            let file = tokio::fs::File::from_std(file).take(part.end - part.start);
            let stream = ReaderStream::with_capacity(file, PIECE);
            Ok(Body::from_stream(stream))
        }
    }
}
