//! Every way in which the server says no, each with its status and a sentence.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A request that gets no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing has that name, or nothing that may be served.
    NotFound,
    /// There is no app, because the server was started without one.
    NoApp,
    /// The path is not decodable or leads out of the folder.
    BadPath,
    /// The URL is longer than any of ours.
    LongUrl,
    /// The request has a body.
    Body,
    /// The method is none of those in the list.
    Method(&'static str),
    /// The system could not read a file that is there.
    Unreadable,
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Self::NotFound | Self::NoApp => StatusCode::NOT_FOUND,
            Self::BadPath => StatusCode::BAD_REQUEST,
            Self::LongUrl => StatusCode::URI_TOO_LONG,
            Self::Body => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unreadable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::NotFound => "Nothing is here.\n",
            Self::NoApp => {
                "This server was started without --app. The catalog is at /catalog/catalog.json.\n"
            }
            Self::BadPath => "This path cannot be one of ours.\n",
            Self::LongUrl => "This URL is too long.\n",
            Self::Body => "This server takes requests without a body only.\n",
            Self::Method(_) => "This server only hands out files.\n",
            Self::Unreadable => "The file cannot be read just now.\n",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), self.sentence()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Self::Method(allowed) = self {
            headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
        }
        response
    }
}
