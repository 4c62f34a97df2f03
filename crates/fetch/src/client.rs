//! One request to a service, and what its answer means: a picture, nothing, later, or never.

use std::io::{self, Read};
use std::time::{Duration, SystemTime};

use ureq::http::header::{
    AUTHORIZATION, CONTENT_RANGE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, LOCATION,
    RANGE, RETRY_AFTER,
};
use ureq::http::{HeaderMap, HeaderName, Response, StatusCode};
use ureq::{Agent, Body};
use url::Url;

use crate::Secret;

/// Longest answer that is taken, bytes: a tile of 1024 pixels as PNG has some four million.
const MOST_BYTES: u64 = 16 << 20;
/// Longest that a server may say nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// Longest that one answer may take, seconds.
const WHOLE_S: u64 = 180;
/// Longest validator that is kept, bytes.
const MOST_VALIDATOR: usize = 256;
/// Moves from one address to another that are followed, within one service.
const MOST_MOVES: usize = 3;

/// What a service has for an address.
#[derive(Debug)]
pub(crate) enum Answer {
    /// These bytes.
    Bytes(Vec<u8>),
    /// It says that nothing is there.
    Nothing,
}

/// What a service has for an address that it was asked before.
#[derive(Debug)]
pub(crate) enum News {
    /// These bytes, with what it says of them.
    Bytes(Vec<u8>, Validators),
    /// What it had then.
    Same,
    /// Nothing any more.
    Nothing,
}

/// What a service says of what it sends, by which it can be asked later whether that changed (RFC 9110, 8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Validators {
    /// Its name for these bytes.
    pub etag: Option<String>,
    /// When they changed last.
    pub modified: Option<String>,
}

/// A file, or the rest of it.
pub(crate) struct Part {
    /// Its first byte.
    pub start: u64,
    /// How long all of the file is, bytes, if the server says it.
    pub total: Option<u64>,
    /// What the server says of the file.
    pub validators: Validators,
    /// What comes.
    pub body: Box<dyn Read>,
}

impl Validators {
    fn of(headers: &HeaderMap) -> Self {
        let header = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let short = |text: &String| text.len() <= MOST_VALIDATOR;
        Self { etag: header(ETAG).filter(short), modified: header(LAST_MODIFIED).filter(short) }
    }

    /// Whether it said nothing.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.modified.is_none()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The service asks to be left alone: for this long, if it says so.
    Busy(Option<Duration>, String),
    /// Something went wrong that may go right the next time.
    Passing(String),
    /// Asking again, for this or for another tile, is of no use.
    Final(String),
}

/// What a server says of a file before it sends it.
#[derive(Debug)]
pub struct Announced {
    /// How long it is, bytes, where that is said.
    pub total: Option<u64>,
    /// The headers of the answers on the way to it, of those that came from the site that was asked.
    hops: Vec<HeaderMap>,
}

/// What a server says when it is asked for a file.
#[derive(Debug)]
pub enum Word {
    /// It has one.
    Has(Announced),
    /// Nothing is there.
    Nothing,
    /// It gives it to some, not to whoever asked.
    Denied,
}

impl Announced {
    /// The first header of that name which the asked site sent.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.hops.iter().find_map(|headers| headers.get(name)?.to_str().ok())
    }
}

/// Asks services.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    silence: Duration,
    bearer: Option<Secret>,
}

impl Client {
    /// Says who asks: this program, and `contact` (an address of whoever runs it) where that is known.
    pub fn new(contact: Option<&str>) -> Self {
        let contact = contact.map(|contact| format!("; {contact}")).unwrap_or_default();
        let user_agent = format!("clip-rs/{} (aerial imagery search{contact})", env!("CARGO_PKG_VERSION"));
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(user_agent);
        Self { agent: config.build().new_agent(), silence: SILENCE, bearer: None }
    }

    /// Takes a server for gone that says nothing for so long.
    pub fn with_silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// Shows this key (RFC 6750, 2.1) to the sites that are asked; not to those that they send on to.
    pub fn with_bearer(self, key: Secret) -> Self {
        Self { bearer: Some(key), ..self }
    }

    /// Asks for what is at `url`.
    pub(crate) fn get(&self, url: &Url) -> Result<Answer, Refusal> {
        match self.get_news(url, &Validators::default())? {
            News::Bytes(bytes, _) => Ok(Answer::Bytes(bytes)),
            News::Nothing => Ok(Answer::Nothing),
            News::Same => Err(Refusal::Final("it says that nothing changed, which nobody asked".to_owned())),
        }
    }

    /// Asks whether there is anything else at `url` than what `known` was said of.
    pub(crate) fn get_news(&self, url: &Url, known: &Validators) -> Result<News, Refusal> {
        let conditions = [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.modified)];
        let conditions = conditions.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let whole = Some(Duration::from_secs(WHOLE_S));
        let conditions = conditions.collect::<Vec<_>>();
        let mut response = self.open(url, &conditions, whole, false, &mut Vec::new())?;
        match response.status().as_u16() {
            304 if !known.is_empty() => Ok(News::Same),
            200 => {
                let validators = Validators::of(response.headers());
                let read = response.body_mut().with_config().limit(MOST_BYTES).read_to_vec();
                let bytes = read.map_err(|error| Refusal::Passing(reason(&error)))?;
                if bytes.is_empty() {
                    return Err(Refusal::Passing("it answers with no bytes".to_owned()));
                }
                Ok(News::Bytes(bytes, validators))
            }
            204 | 404 | 410 => Ok(News::Nothing),
            _ => Err(refusal(&response)),
        }
    }

    /// Asks for a file from its byte `from` on, as long as it is still that which `known` was said of; else for all of it. Without
    /// `known` the address stands for one file for ever.
    pub(crate) fn get_part(&self, url: &Url, from: u64, known: Option<&Validators>) -> Result<Part, Refusal> {
        // A weak name stands for files that are not the same to the byte (RFC 9110, 13.1.5).
        let name = known.and_then(|known| known.etag.as_deref()).filter(|etag| !etag.starts_with("W/"));
        let condition = name.or(known.and_then(|known| known.modified.as_deref()));
        let range = format!("bytes={from}-");
        let mut headers = Vec::new();
        if from > 0 && (known.is_none() || condition.is_some()) {
            headers.push((RANGE, range.as_str()));
            headers.extend(condition.map(|condition| (IF_RANGE, condition)));
        }
        // Where there is a key in the address, another site could be sent it.
        let response = self.open(url, &headers, None, url.query().is_none(), &mut Vec::new())?;
        let validators = Validators::of(response.headers());
        let content_range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
        let (start, total) = match (response.status().as_u16(), content_range.and_then(range_of)) {
            (200, _) => (0, response.body().content_length()),
            (206, Some((Some(start), total))) if start == from => (start, total),
            // Which part it is, it does not say.
            (206, None) if from > 0 => return self.get_part(url, 0, known),
            (206, _) => return Err(Refusal::Final("it sends another part than it was asked for".to_owned())),
            (416, Some((None, Some(total)))) if total == from => (from, Some(total)),
            (416, _) if from > 0 => return self.get_part(url, 0, known),
            (204 | 404 | 410, _) => return Err(Refusal::Final("nothing is at this address".to_owned())),
            _ => return Err(refusal(&response)),
        };
        let is_whole = total == Some(from) && from > 0;
        let body: Box<dyn Read> =
            if is_whole { Box::new(io::empty()) } else { Box::new(response.into_body().into_reader()) };
        Ok(Part { start, total, validators, body })
    }

    /// Asks what there is at `url`, for its first byte.
    pub(crate) fn ask(&self, url: &Url) -> Result<Word, Refusal> {
        let mut hops = Vec::new();
        let response = self.open(url, &[(RANGE, "bytes=0-0")], None, url.query().is_none(), &mut hops)?;
        let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
        let total = match response.status().as_u16() {
            200 => response.body().content_length(),
            206 | 416 => range.and_then(range_of).and_then(|(_, total)| total),
            204 | 404 | 410 => return Ok(Word::Nothing),
            401 | 403 => return Ok(Word::Denied),
            _ => return Err(refusal(&response)),
        };
        Ok(Word::Has(Announced { total, hops }))
    }

    /// Asks for what is at `url` with more headers; the whole answer may take so long. Unless it `may_leave`, redirections are
    /// followed within the same origin only: another one was not asked for, and would be sent the key. The headers of what this
    /// origin answered are added to `hops`.
    fn open(
        &self,
        url: &Url,
        headers: &[(HeaderName, &str)],
        whole: Option<Duration>,
        may_leave: bool,
        hops: &mut Vec<HeaderMap>,
    ) -> Result<Response<Body>, Refusal> {
        let mut at = url.clone();
        for _ in 0..=MOST_MOVES {
            let silence = Some(self.silence);
            let request = self.agent.get(at.as_str()).config().timeout_global(whole);
            let request = request.timeout_connect(silence).timeout_recv_response(silence);
            let request = request.timeout_per_read(silence).build();
            let request = headers.iter().fold(request, |request, (name, value)| request.header(name, *value));
            let is_asked = at.origin() == url.origin();
            let bearer = self.bearer.as_ref().filter(|_| is_asked);
            let request = bearer
                .into_iter()
                .fold(request, |request, key| request.header(AUTHORIZATION, key.put_into("Bearer {token}")));
            let response = request.call().map_err(|error| Refusal::Passing(reason(&error)))?;
            let status = response.status();
            if is_asked {
                hops.push(response.headers().clone());
            }
            if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
                return Ok(response);
            }
            let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let next = location.and_then(|location| at.join(location).ok());
            at = match next {
                Some(next) if next.origin() == url.origin() => next,
                Some(next) if may_leave && (next.scheme() == "https" || next.scheme() == url.scheme()) => {
                    next
                }
                Some(next) => {
                    let to = next.host_str().unwrap_or("nowhere").to_owned();
                    return Err(Refusal::Final(format!(
                        "it sends on to another site, {to}; ask that one if it is meant"
                    )));
                }
                None => {
                    return Err(Refusal::Passing(format!("it answers {status} without saying where to go")));
                }
            };
        }
        Err(Refusal::Final("it sends from one address to the next without end".to_owned()))
    }
}

/// What an answer means that is none of what was asked for.
fn refusal(response: &Response<Body>) -> Refusal {
    let status = response.status();
    match status.as_u16() {
        401 | 403 => Refusal::Final(format!("it refuses ({status}): is a key needed, and is it right?")),
        429 | 503 => {
            let wait = retry_after(response.headers(), SystemTime::now());
            Refusal::Busy(wait, format!("it is busy ({status})"))
        }
        500..=599 | 408 => Refusal::Passing(format!("it fails ({status})")),
        _ => Refusal::Final(format!("it answers {status}")),
    }
}

/// First byte and length of all of `bytes 10-99/100`, or of `bytes */100`.
fn range_of(text: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (part, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let start = part.split_once('-').and_then(|(start, _)| start.trim().parse().ok());
    Some((start, total.trim().parse().ok()))
}

/// How long a server asks to wait: a number of seconds or a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Some(httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default()),
    }
}

/// What went wrong, in words without an address.
fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(what) => format!("no answer in time ({what})"),
        ureq::Error::HostNotFound => "its host is not known: is there a network?".to_owned(),
        ureq::Error::ConnectionFailed => "it cannot be reached".to_owned(),
        ureq::Error::BodyExceedsLimit(most) => format!("it sends more than {most} bytes"),
        ureq::Error::BadUri(_) => "its address is not understood".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::http::HeaderValue;

    #[test]
    fn a_wait_is_asked_for_in_seconds_or_until_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let asked = |value: &'static str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
            retry_after(&headers, now)
        };
        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:37 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:40:37 GMT"), Some(Duration::ZERO), "it is over");
        assert_eq!(asked("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
