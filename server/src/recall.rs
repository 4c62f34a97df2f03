//! Small files that cannot change, such as map tiles, are answered from memory once they were read.
//!
//! A file can still vanish, be damaged or be put back, so each answer begins with a look at its state in the
//! file system. Where that differs from when it was read, memory does not count.

use std::{io, path::PathBuf, sync::Arc};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use quick_cache::{Weighter, sync::Cache};

use crate::{
    file_state::FileState,
    guard,
    negotiation::{Accepted, Coding},
    refusal::Refusal,
};

/// Bytes of the largest file that is kept: most tiles and pictures, no index.
pub(crate) const MAX_FILE: u64 = 64 * 1024;
/// Bytes that all kept answers take together, at most.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// What an answer takes besides its body, about: its headers, its name, its place in the memory.
const OVERHEAD: u64 = 2048;
/// How many answers there may be; only to begin with the right size.
const TYPICAL_NUMBER: usize = 4096;

/// With any of these a request wants less, or something else, than the whole file.
const CONDITIONS: [header::HeaderName; 6] = [
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::RANGE,
];

/// Says of an answer that it is a whole file, which can be told from another by its state.
#[derive(Debug, Clone)]
pub(crate) struct Recallable {
    /// The file as it was asked for: symbolic links are followed anew each time.
    path: PathBuf,
    state: FileState,
}

/// Answers that were given before, by the path of their requests. Clones share them.
#[derive(Clone)]
pub(crate) struct Memory {
    answers: Arc<Cache<String, Arc<Answer>, Weight>>,
}

struct Answer {
    headers: HeaderMap,
    body: Bytes,
    file: Recallable,
}

#[derive(Clone)]
struct Weight;

impl Weighter<String, Arc<Answer>> for Weight {
    fn weight(&self, _: &String, answer: &Arc<Answer>) -> u64 {
        answer.body.len() as u64 + OVERHEAD
    }
}

impl Recallable {
    /// The file at `path` as it is now; none when it is too large to be kept. Blocks.
    pub(crate) fn new(path: PathBuf) -> io::Result<Option<Self>> {
        let state = FileState::of(&path)?;
        Ok((state.bytes() <= MAX_FILE).then_some(Self { path, state }))
    }

    fn is_current(&self) -> bool {
        FileState::of(&self.path).is_ok_and(|state| state == self.state)
    }
}

impl Memory {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self { answers: Arc::new(Cache::with_weighter(TYPICAL_NUMBER, MAX_BYTES, Weight)) }
    }

    fn recall(&self, path: &str) -> Option<Response> {
        let answer = self.answers.get(path)?;
        if !answer.file.is_current() {
            self.answers.remove(path);
            return None;
        }
        let mut response = Response::new(Body::from(answer.body.clone()));
        response.headers_mut().clone_from(&answer.headers);
        Some(response)
    }

    /// Keeps `response` if it is one that may be kept, and returns it.
    async fn keep(&self, path: String, mut response: Response) -> Response {
        let file = response.extensions_mut().remove::<Recallable>();
        let Some(file) = file.filter(|_| response.status() == StatusCode::OK) else { return response };
        let (parts, body) = response.into_parts();
        let Ok(body) = to_bytes(body, MAX_FILE as usize).await else {
            return Refusal::Unreadable.into_response();
        };
        // Read between two looks that saw the same, so these are the bytes of that state.
        if body.len() as u64 == file.state.bytes() && file.is_current() {
            let answer = Answer { headers: parts.headers.clone(), body: body.clone(), file };
            self.answers.insert(path, Arc::new(answer));
        }
        Response::from_parts(parts, Body::from(body))
    }
}

/// Answers `request` from memory if it can, else lets it pass and keeps what comes.
pub(crate) async fn recall(State(memory): State<Memory>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_plain =
        request.method() == Method::GET && !CONDITIONS.iter().any(|name| headers.contains_key(name));
    let takes_plain = Accepted::from_headers(headers).best([Coding::Identity]).is_some();
    if !is_plain || !takes_plain || guard::refuse(&request).is_some() {
        return next.run(request).await;
    }
    if let Some(response) = memory.recall(request.uri().path()) {
        return response;
    }
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    memory.keep(path, response).await
}
