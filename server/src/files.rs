//! Sends one file with everything a cache wants to know about it.
//!
//! A file named by its content never changes: it is kept for ever. Any other file may be replaced at any
//! moment, even by one of the same length and time of change, so its `ETag` is a hash of what it holds now.
//! Packed siblings beside a file (`.br`, `.gz`) stand in for it.

use std::{
    fs::File,
    io::{self, ErrorKind, Read},
    path::PathBuf,
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Request, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use tower_http::services::ServeFile;

use crate::{
    content_policy,
    folder::{Folder, Found},
    media_type::{HTML, is_compressible, media_type},
    recall::Recallable,
    refusal::Refusal,
    request_path::RequestPath,
};

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// A file as it was when the request came.
struct Sendable {
    path: PathBuf,
    media_type: &'static str,
    has_brotli: bool,
    has_gzip: bool,
    version: Version,
}

/// How a cache tells one version of a file from the next.
enum Version {
    /// By the file's name. The answer can be kept if it is the same for all requests.
    Named(Option<Recallable>),
    /// By a hash of the content. A page brings the policy that lets its own inline scripts run.
    Tagged { etag: HeaderValue, page_policy: Option<HeaderValue> },
}

/// Answers `request` (a GET or HEAD) with the file that `path` names in `folder`.
pub(crate) async fn send(folder: &Folder, path: &RequestPath, request: &Parts) -> Result<Response, Refusal> {
    let (folder, path) = (folder.clone(), path.clone());
    let looked_up = tokio::task::spawn_blocking(move || look_up(&folder, &path)).await;
    let file = looked_up.map_err(|_| Refusal::Unreadable)??;
    match &file.version {
        Version::Named(recallable) => {
            let mut response = read(&file, request).await?;
            describe(&mut response, file.media_type, FOR_EVER);
            if let Some(recallable) = recallable {
                response.extensions_mut().insert(recallable.clone());
            }
            Ok(response)
        }
        Version::Tagged { etag, page_policy } => {
            let mut response = if is_known(&request.headers, etag) {
                StatusCode::NOT_MODIFIED.into_response()
            } else {
                read(&file, request).await?
            };
            describe(&mut response, file.media_type, REVALIDATE);
            let headers = response.headers_mut();
            headers.insert(header::ETAG, etag.clone());
            headers.remove(header::LAST_MODIFIED);
            if let Some(policy) = page_policy {
                headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
            }
            Ok(response)
        }
    }
}

fn look_up(folder: &Folder, path: &RequestPath) -> Result<Sendable, Refusal> {
    let found = folder.find(path).ok_or(Refusal::NotFound)?;
    let media_type = media_type(path.file_name());
    let (has_brotli, has_gzip) = (found.has_sibling(".br"), found.has_sibling(".gz"));
    let version = if !path.is_named_by_content() {
        tag(&found, media_type).map_err(refusal)?
    } else if has_brotli || has_gzip || is_compressible(media_type) {
        Version::Named(None)
    } else {
        Version::Named(Recallable::new(found.asked_for().to_path_buf()).map_err(refusal)?)
    };
    Ok(Sendable { path: found.path().to_path_buf(), media_type, has_brotli, has_gzip, version })
}

fn tag(found: &Found, media_type: &str) -> io::Result<Version> {
    let mut file = File::open(found.path())?;
    let mut hash = Sha256::new();
    let mut page_policy = None;
    if media_type == HTML {
        let mut page = Vec::new();
        file.read_to_end(&mut page)?;
        hash.update(&page);
        page_policy = Some(content_policy::of_page(&String::from_utf8_lossy(&page)));
    } else {
        io::copy(&mut file, &mut hash)?;
    }
    // Weak, because the same tag stands for the content packed and unpacked.
    let digits: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let etag = HeaderValue::try_from(format!("W/\"{digits}\"")).map_err(io::Error::other)?;
    Ok(Version::Tagged { etag, page_policy })
}

/// Whether the client says that it holds the version called `etag` (RFC 9110, 13.1.2: weak comparison).
fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(etag) = etag.to_str().map(opaque) else { return false };
    let listed = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    listed.flat_map(|list| list.split(',')).map(opaque).any(|tag| tag == "*" || tag == etag)
}

/// The headers of a request that decide what of `version` is sent.
fn conditions(headers: &HeaderMap, version: &Version) -> HeaderMap {
    let is_named = matches!(version, Version::Named(_));
    let in_part = headers.get(header::RANGE).is_some_and(|range| range.as_bytes().starts_with(b"bytes="));
    // A weak tag meets no `If-Range` (RFC 9110, 13.1.5).
    let in_part = in_part && (is_named || !headers.contains_key(header::IF_RANGE));
    // A range is one of the plain file's bytes, never of a packed sibling's.
    let mut wanted = vec![if in_part { header::RANGE } else { header::ACCEPT_ENCODING }];
    if is_named {
        wanted.extend([header::IF_MATCH, header::IF_NONE_MATCH]);
        wanted.extend([header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE]);
    }
    wanted.into_iter().filter_map(|name| headers.get(&name).cloned().map(|value| (name, value))).collect()
}

async fn read(file: &Sendable, request: &Parts) -> Result<Response, Refusal> {
    let mut service = ServeFile::new(&file.path).ignore_multi_range_requests(true);
    if file.has_brotli {
        service = service.precompressed_br();
    }
    if file.has_gzip {
        service = service.precompressed_gzip();
    }
    let mut plain = Request::new(());
    *plain.method_mut() = request.method.clone();
    *plain.headers_mut() = conditions(&request.headers, &file.version);
    let mut response = service.try_call(plain.clone()).await.map_err(refusal)?;
    if let Some(version) = request.headers.get(header::IF_RANGE) {
        let sent = response.headers();
        let same = [header::ETAG, header::LAST_MODIFIED].iter().any(|name| sent.get(name) == Some(version));
        if plain.headers_mut().remove(header::RANGE).is_some() && !same {
            response = service.try_call(plain).await.map_err(refusal)?;
        }
    }
    Ok(response.map(Body::new))
}

fn describe(response: &mut Response, media_type: &'static str, cache: HeaderValue) {
    let status = response.status();
    let headers = response.headers_mut();
    if headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        headers.insert(header::CACHE_CONTROL, cache);
    }
}

fn refusal(error: io::Error) -> Refusal {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied => Refusal::NotFound,
        _ => {
            tracing::error!(%error, "a file cannot be read");
            Refusal::Unreadable
        }
    }
}
