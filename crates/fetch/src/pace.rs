//! How fast a service is asked: so many requests a second, and none while it asks to be left alone. Whoever waits can be told
//! that it is over.

use std::num::NonZeroU32;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// The longest wait that is waited for; who asks for more is asked again by the next run.
pub(crate) const LONGEST: Duration = Duration::from_secs(600);

/// The pace of all threads together.
pub(crate) struct Pace {
    limiter: DefaultDirectRateLimiter,
    clock: DefaultClock,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Nobody asks before.
    until: Option<Instant>,
    is_over: bool,
}

impl Pace {
    /// So many requests a second at most, evenly spread.
    pub fn new(requests_a_second: NonZeroU32) -> Self {
        let quota = Quota::per_second(requests_a_second).allow_burst(NonZeroU32::MIN);
        Self {
            limiter: RateLimiter::direct(quota),
            clock: DefaultClock::default(),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Waits for one's turn; false where it is over.
    pub fn wait(&self) -> bool {
        self.wait_while(|pace, state| {
            let paused = state.until.and_then(|until| until.checked_duration_since(Instant::now()));
            paused.filter(|left| !left.is_zero()).or_else(|| {
                let not_yet = pace.limiter.check().err()?;
                Some(not_yet.wait_time_from(pace.clock.now()))
            })
        })
    }

    /// Waits so long by itself, between two tries; false where it is over.
    pub fn rest(&self, long: Duration) -> bool {
        let until = Instant::now() + long.min(LONGEST);
        self.wait_while(|_, _| until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()))
    }

    /// Waits as long as `left` says that something is left to wait; false where it is over.
    fn wait_while(&self, left: impl Fn(&Self, &State) -> Option<Duration>) -> bool {
        let mut state = self.state();
        loop {
            if state.is_over {
                return false;
            }
            let Some(left) = left(self, &state) else { return true };
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Leaves the service alone for so long from now.
    pub fn pause(&self, long: Duration) {
        let until = Instant::now() + long.min(LONGEST);
        let mut state = self.state();
        state.until = Some(state.until.map_or(until, |last| last.max(until)));
    }

    /// Nobody asks any more: who waits is let go at once.
    pub fn end(&self) {
        self.state().is_over = true;
        self.changed.notify_all();
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.state().is_over
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_is_let_go_when_it_is_over() {
        let pace = Pace::new(NonZeroU32::MIN);
        assert!(pace.wait() && pace.rest(Duration::ZERO) && !pace.is_over());
        pace.pause(LONGEST);
        std::thread::scope(|scope| {
            let waiting = [scope.spawn(|| pace.wait()), scope.spawn(|| pace.rest(LONGEST))];
            pace.end();
            // Ten minutes later otherwise.
            assert!(waiting.into_iter().all(|waiting| !waiting.join().expect("a thread")));
        });
        assert!(!pace.wait() && pace.is_over());
    }
}
