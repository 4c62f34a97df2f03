//! How fast a service is asked: so many requests a second, and none while it asks to be left alone.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// The longest wait that is waited for; who asks for more is asked again by the next run.
pub(crate) const LONGEST: Duration = Duration::from_secs(600);

/// The pace of all threads together.
pub(crate) struct Pace {
    limiter: DefaultDirectRateLimiter,
    clock: DefaultClock,
    /// Nobody asks before.
    until: Mutex<Option<Instant>>,
}

impl Pace {
    /// So many requests a second at most, evenly spread.
    pub fn new(requests_a_second: NonZeroU32) -> Self {
        let quota = Quota::per_second(requests_a_second).allow_burst(NonZeroU32::MIN);
        Self { limiter: RateLimiter::direct(quota), clock: DefaultClock::default(), until: Mutex::default() }
    }

    /// Waits for one's turn.
    pub fn wait(&self) {
        loop {
            let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(left) = until.and_then(|until| until.checked_duration_since(Instant::now())) {
                thread::sleep(left);
                continue;
            }
            match self.limiter.check() {
                Ok(()) => return,
                Err(not_yet) => thread::sleep(not_yet.wait_time_from(self.clock.now())),
            }
        }
    }

    /// Leaves the service alone for so long from now.
    pub fn pause(&self, long: Duration) {
        let until = Instant::now() + long.min(LONGEST);
        let mut last = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(last.map_or(until, |last| last.max(until)));
    }
}
