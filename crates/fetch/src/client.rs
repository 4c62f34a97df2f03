//! One request to a service, and what its answer means: a picture, nothing, later, or never.

use std::time::{Duration, SystemTime};

use ureq::http::header::{LOCATION, RETRY_AFTER};
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::{Agent, Body};
use url::Url;

/// Longest answer that is taken, bytes: a tile of 1024 pixels as PNG has some four million.
const MOST_BYTES: u64 = 16 << 20;
/// Longest that a server may say nothing, seconds.
const SILENCE_S: u64 = 30;
/// Longest that one answer may take, seconds.
const WHOLE_S: u64 = 180;
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

/// Asks services.
#[derive(Debug, Clone)]
pub struct Client(Agent);

impl Client {
    /// Says who asks: this program, and `contact` (an address of whoever runs it) where that is known.
    pub fn new(contact: Option<&str>) -> Self {
        let contact = contact.map(|contact| format!("; {contact}")).unwrap_or_default();
        let user_agent = format!("clip-rs/{} (aerial imagery search{contact})", env!("CARGO_PKG_VERSION"));
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(user_agent)
            .timeout_connect(seconds(SILENCE_S))
            .timeout_recv_response(seconds(SILENCE_S))
            .timeout_per_read(seconds(SILENCE_S))
            .timeout_global(seconds(WHOLE_S));
        Self(config.build().new_agent())
    }

    /// Asks for what is at `url`. Redirections are followed within the same origin only: another one was not asked for, and
    /// would be sent the key.
    pub(crate) fn get(&self, url: &Url) -> Result<Answer, Refusal> {
        let mut at = url.clone();
        for _ in 0..=MOST_MOVES {
            let mut response = match self.0.get(at.as_str()).call() {
                Ok(response) => response,
                Err(error) => return Err(Refusal::Passing(reason(&error))),
            };
            let status = response.status();
            if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
                return answer(&mut response);
            }
            let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let next = location.and_then(|location| at.join(location).ok());
            at = match next {
                Some(next) if next.origin() == url.origin() => next,
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

fn answer(response: &mut Response<Body>) -> Result<Answer, Refusal> {
    let status = response.status();
    match status.as_u16() {
        200 => {
            let read = response.body_mut().with_config().limit(MOST_BYTES).read_to_vec();
            let bytes = read.map_err(|error| Refusal::Passing(reason(&error)))?;
            if bytes.is_empty() {
                return Err(Refusal::Passing("it answers with no bytes".to_owned()));
            }
            Ok(Answer::Bytes(bytes))
        }
        204 | 404 | 410 => Ok(Answer::Nothing),
        401 | 403 => Err(Refusal::Final(format!("it refuses ({status}): is a key needed, and is it right?"))),
        429 | 503 => {
            let wait = retry_after(response.headers(), SystemTime::now());
            Err(Refusal::Busy(wait, format!("it is busy ({status})")))
        }
        500..=599 | 408 => Err(Refusal::Passing(format!("it fails ({status})"))),
        _ => Err(Refusal::Final(format!("it answers {status}"))),
    }
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
