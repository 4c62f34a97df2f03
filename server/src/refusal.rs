//! Every way in which the server says no, each with its status and a sentence.

use std::io::{self, ErrorKind};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A request that gets no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing has that name, or nothing that may be served.
    NotFound,
    /// There is no app: none is in the program, and it was started without one.
    NoApp,
    /// The path is not decodable or leads out of the folder.
    BadPath,
    /// The request does not say for which host it is, or says it twice.
    Host,
    /// The URL is longer than any of ours.
    LongUrl,
    /// The request has a body.
    Body,
    /// The method is none of those in the list.
    Method(&'static str),
    /// The file is there in no coding that the client accepts.
    NoCoding,
    /// The file is there in another version than the client wants.
    OtherVersion,
    /// The client wants bytes that a file of this length does not have.
    OutOfRange(u64),
    /// The system could not read a file that is there.
    Unreadable,
}

impl Refusal {
    /// What `error`, about a file, means to a client.
    pub(crate) fn of(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied => Self::NotFound,
            _ => {
                tracing::error!(%error, "a file cannot be read");
                Self::Unreadable
            }
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::NotFound | Self::NoApp => StatusCode::NOT_FOUND,
            Self::BadPath | Self::Host => StatusCode::BAD_REQUEST,
            Self::LongUrl => StatusCode::URI_TOO_LONG,
            Self::Body => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoCoding => StatusCode::NOT_ACCEPTABLE,
            Self::OtherVersion => StatusCode::PRECONDITION_FAILED,
            Self::OutOfRange(_) => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Unreadable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::NotFound => "Nothing is here.\n",
            Self::NoApp => {
                "This server was built without a page and started without --app. The catalog is at \
                 /catalog/catalog.json; `cargo xtask server` builds a server with the page inside, `cargo xtask dist` \
                 a page for --app.\n"
            }
            Self::BadPath => "This path cannot be one of ours.\n",
            Self::Host => "A request needs one Host header, with a name or an address.\n",
            Self::LongUrl => "This URL is too long.\n",
            Self::Body => "This server takes requests without a body only.\n",
            Self::Method(_) => "This server only hands out files.\n",
            Self::NoCoding => "The file is not to be had in any coding that Accept-Encoding allows.\n",
            Self::OtherVersion => "The file has changed.\n",
            Self::OutOfRange(_) => "The file has no such bytes.\n",
            Self::Unreadable => "The file cannot be read just now.\n",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), self.sentence()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::Method(allowed) => {
                headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
            }
            Self::NoCoding => {
                headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
            }
            Self::OutOfRange(length) => {
                let said = HeaderValue::try_from(format!("bytes */{length}"));
                headers.extend(said.map(|said| (header::CONTENT_RANGE, said)));
            }
            _ => {}
        }
        response
    }
}
